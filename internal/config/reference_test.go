package config

import "testing"

// TestDocs keeps the reference in step with the code; -update writes it.
func TestDocs(t *testing.T) {
	golden(t, "../../docs/reference/configuration.md", Reference())
}
