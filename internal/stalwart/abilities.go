package stalwart

// Ability is one thing that a login may do on the server, for people.
type Ability struct {
	// Name is one word: list, rename, delete, purge, suspend, export, look.
	Name string
	Can  bool
}

// Words lists what syncagent does with a server, in a fixed order, for reports
// and tables. Whether an account can be looked into (Twin) is called "look".
func (a Abilities) Words() []Ability {
	return []Ability{
		{"list", a.List},
		{"rename", a.Rename},
		{"delete", a.Delete},
		{"purge", a.Purge},
		{"suspend", a.Suspend},
		{"export", a.Export},
		{"look", a.Twin},
	}
}
