package testserver

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strings"
)

// startTries is how often a server is started with other ports when somebody took them in between.
const startTries = 5

// freePorts returns n TCP ports of 127.0.0.1 that were free a moment ago.
func freePorts(t TB, n int) []int {
	t.Helper()
	ports := make([]int, 0, n)
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("free port: %v", err)
		}
		defer l.Close() // all stay open until all are chosen, so that they differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// portTaken tells from a server's log that its address was in use.
func portTaken(logFile string) bool {
	b, err := os.ReadFile(logFile)
	return err == nil && bytes.Contains(bytes.ToLower(b), []byte("address already in use"))
}

// tail returns the last lines of a log for an error message.
func tail(logFile string) string {
	b, err := os.ReadFile(logFile)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
