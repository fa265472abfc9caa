package stalwart

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// TestWhatAnswersMustBeTheAccountThatIsMeant puts a proxy in between that reads names in another way: the look before
// a write shows another name, ID or type, and the write is never sent.
func TestWhatAnswersMustBeTheAccountThatIsMeant(t *testing.T) {
	for _, generation := range []string{"0.6", "0.8.5", "0.10.7", "0.11.8", "0.13.4", "0.15.5"} {
		for what, forge := range map[string]*strings.Replacer{
			"name": strings.NewReplacer(`"name":"alice"`, `"name":"Alice"`),
			"id":   strings.NewReplacer(`"id":`, `"id":7`),
			"type": strings.NewReplacer(`"type":"individual"`, `"type":"group"`),
		} {
			t.Run(generation+" "+what, func(t *testing.T) {
				sim := stalwarttest.New(stalwarttest.Options{Generation: generation})
				var forging atomic.Bool
				var writes atomic.Int64
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					rec := httptest.NewRecorder()
					sim.ServeHTTP(rec, r)
					body := rec.Body.String()
					if forging.Load() && strings.HasSuffix(r.URL.Path, "/principal/alice") {
						body = forge.Replace(body)
					}
					if r.Method == http.MethodDelete || r.Method == http.MethodPatch {
						writes.Add(1)
					}
					rec.Header().Del("Content-Length")
					maps.Copy(w.Header(), rec.Header())
					w.WriteHeader(rec.Code)
					_, _ = w.Write([]byte(body))
				}))
				defer srv.Close()
				s, err := Dial(t.Context(), Options{URL: srv.URL, Username: "admin", Password: func() (string, error) { return "admin", nil }, Rate: 10000})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				id := reconcile.AccountID(stalwarttest.Decimal(sim.AddPrincipal(stalwarttest.PrincipalSpec{Name: "alice"})))
				if err := s.Accounts(t.Context(), "", func(reconcile.Account) error { return nil }); err != nil {
					t.Fatal(err)
				}
				forging.Store(true)
				if results, _ := s.Destroy(t.Context(), []reconcile.AccountID{id}); results[0] == nil {
					t.Error("destroyed")
				}
				_, _ = s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{{Account: id, Name: "bob"}})
				_, _ = s.Park(t.Context(), reconcile.IdentityWrite{Account: id, Name: "aside"}, true)
				_, _ = s.Suspend(t.Context(), id)
				if n := writes.Load(); n != 0 {
					t.Errorf("%d writes were sent", n)
				}
				forging.Store(false)
				if results, err := s.Destroy(t.Context(), []reconcile.AccountID{id}); err != nil || results[0] != nil {
					t.Errorf("without the proxy's forgery: %v %v", results, err)
				}
			})
		}
	}
}
