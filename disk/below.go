package disk

import "path/filepath"

// Below says whether a path is a folder or lies in it, by their names alone: see Real for links.
func Below(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// Real is what a path leads to behind all links, and whether that lies below what a folder leads to. The errors are those of paths that are not there.
func Real(dir, path string) (real string, below bool, err error) {
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", false, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", false, err
	}
	if real, err = filepath.EvalSymlinks(path); err != nil {
		return "", false, err
	}
	return real, Below(dir, real), nil
}
