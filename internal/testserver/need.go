package testserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// Folders besides $PATH in which distributions keep servers.
var serverDirs = []string{"/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/lib/openldap", "/opt/homebrew/sbin"}

// need returns the path of the first of names that is installed; otherwise it fails the test with the line to type.
func need(t TB, install string, dirs []string, names ...string) string {
	t.Helper()
	for _, name := range names {
		for _, dir := range slices.Concat(dirs, serverDirs) {
			if p := filepath.Join(dir, name); executable(p) {
				return p
			}
		}
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	t.Fatalf("this test needs %s. Install it with:\n\tsudo apt-get install -y --no-install-recommends %s\n"+
		"or run scripts/test.sh, which installs what is missing", names[0], install)
	return ""
}

func executable(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.Mode().IsRegular() && fi.Mode().Perm()&0o111 != 0
}
