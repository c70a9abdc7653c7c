package state

import "golang.org/x/sys/windows"

func freeSpace(dir string) (uint64, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64 // what this user may take
	err = windows.GetDiskFreeSpaceEx(path, &free, nil, nil)
	return free, err
}
