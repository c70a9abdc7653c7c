package file

import (
	"fmt"
	"path/filepath"

	"weir/connectors/connector"
	"weir/disk"
	"weir/settings"
)

// confine is pattern for a connector that reads files below a root only.
func confine(root, path string) (string, error) {
	name := settings.FileRoot.About().Name
	if root == "" {
		return "", fmt.Errorf("property 'path': a connector that is made over the HTTP API reads files below the folder that the setting %s names, and it names none. "+
			"Start the server with --file-root DIR, or load the file with weir run", name)
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	if path, err = pattern(root, path); err != nil {
		return "", err
	}
	if !disk.Below(root, path) {
		return "", fmt.Errorf("property 'path': %s is outside of %s, which the setting %s confines connectors to", path, root, name)
	}
	return path, nil
}

// within refuses a file that a link leads to out of the root.
func (s *source) within(path string) error {
	if !s.env.Confined {
		return nil
	}
	_, below, err := disk.Real(s.env.Root, path)
	if err != nil {
		return s.openError(path, err)
	}
	if !below {
		return connector.Userf("%s leads out of the folder that the setting %s confines connectors to", path, settings.FileRoot.About().Name)
	}
	return nil
}
