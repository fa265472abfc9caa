package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Fingerprint is a hash of all that decides what the mapping means, lower-case
// hex. The ID attribute is not in it: the ledger keeps the one that was chosen.
func (m *Mapper) Fingerprint() string {
	spec := m.spec
	spec.ID = ""
	spec.Kind.Attribute = fold(spec.Kind.Attribute)
	spec.Enabled.Attribute = fold(spec.Enabled.Attribute)
	spec.Created = fold(spec.Created)
	spec.Leaver.Column = fold(spec.Leaver.Column)
	// Marshalling sorts the keys of maps; strings, lists and numbers cannot fail.
	text, err := json.Marshal(spec)
	if err != nil {
		panic("mapping: a Spec cannot be written as JSON: " + err.Error())
	}
	sum := sha256.Sum256(append([]byte("mapping 1\n"), text...))
	return hex.EncodeToString(sum[:])
}
