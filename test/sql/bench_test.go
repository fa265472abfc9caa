//go:build realservers

package sqltest

import (
	"testing"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
	"syncagent/internal/sqlsrc"
	"syncagent/internal/testserver"
)

// BenchmarkSnapshot100k reads 100,000 generated people, four columns each.
func BenchmarkSnapshot100k(b *testing.B) {
	const people = 100000
	for _, s := range servers {
		b.Run(s.name, func(b *testing.B) {
			admin, sync := s.database(b)
			if s.name == "postgres" {
				postgres(b).LoadUsers(b, admin, people)
			} else {
				mariadb(b).LoadUsers(b, admin, people)
			}
			source, err := sqlsrc.New(sqlsrc.Options{
				Name: "bench", Driver: s.flavour.Driver, DSN: func() (string, error) { return sync, nil },
				Query: "SELECT id, login, email, active FROM accounts",
				Map: mapping.Spec{
					ID: "id", Name: "{login}@example.test", Addresses: []mapping.AddressSpec{{Attribute: "email"}},
					Enabled: mapping.EnabledSpec{Attribute: "active"},
				},
			})
			if err != nil {
				b.Fatal(err)
			}
			last := reconcile.StableID(testserver.UserUUID(people - 1))
			b.ReportAllocs()
			for b.Loop() {
				n, seen := 0, false
				e, err := source.Snapshot(b.Context(), func(e reconcile.Entry) error {
					n++
					seen = seen || e.ID == last
					return nil
				})
				if err != nil || !e.Complete || n != people || !seen {
					b.Fatalf("%d entries, complete %v, %v", n, e.Complete, err)
				}
			}
		})
	}
}
