package state

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// checkOwner refuses to write to files of another user, root included: files
// that root leaves behind would lock the owner out of its own state.
func checkOwner(path, command string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if me := os.Geteuid(); int(stat.Uid) != me {
		return &OwnerError{Path: path, Owner: login(int(stat.Uid)), User: login(me), Command: command}
	}
	return nil
}

// whose gives an OwnerError if a directory that may not be read is another
// user's, and nothing otherwise.
func whose(dir, command string) error {
	var other *OwnerError
	if err := checkOwner(dir, command); errors.As(err, &other) {
		return other
	}
	return nil
}

// login is the user's name, or "#number" as sudo takes it.
func login(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "#" + strconv.Itoa(uid)
}
