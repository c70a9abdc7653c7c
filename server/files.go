package server

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"

	"weir/server/wire"
	"weir/settings"
)

// Files serves a folder: nothing outside of it, also where a link leads there, nothing whose name begins with a dot, and no lists of folders.
func Files(dir string) (http.Handler, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("the folder %q of %s cannot be served: %w", dir, settings.WWW.About().Name, err)
	}
	files := root.FS()
	server := http.FileServerFS(files)
	return only(http.MethodGet, func(w http.ResponseWriter, r *http.Request) {
		switch found := find(files, r.URL.Path); {
		case found:
			w.Header().Set("Cache-Control", "no-cache") // a browser asks whether what it has is still right
			w.Header().Set("X-Content-Type-Options", "nosniff")
			server.ServeHTTP(w, r)
		case r.URL.Path == "/":
			http.Redirect(w, r, "/info", http.StatusTemporaryRedirect)
		default:
			reply(w, wire.Generic(wire.NotFound, "Not Found: there is nothing at "+r.URL.Path))
		}
	}), nil
}

// find says whether there is a file to be served, or a folder with an index.
func find(files fs.FS, url string) bool {
	name := strings.TrimPrefix(path.Clean("/"+url), "/")
	for _, part := range strings.Split(name, "/") {
		if strings.HasPrefix(part, ".") {
			return false
		}
	}
	if name == "" {
		name = "."
	}
	at, err := fs.Stat(files, name)
	if err == nil && at.IsDir() {
		at, err = fs.Stat(files, path.Join(name, "index.html"))
	}
	return err == nil && at.Mode().IsRegular()
}
