package stalwart

import (
	"context"
	"fmt"

	"syncagent/internal/reconcile"
)

// CredentialCount tells what opens an account besides the directory's password.
// OAuth tokens are not in it: the server does not list them.
type CredentialCount struct {
	AppPasswords int
	APIKeys      int
}

// Credentials counts the app passwords and API keys of accounts, in the order of
// ids. Errors: ForbiddenError and those of requests. An account that does not
// exist has none.
func (s *jmapServer) Credentials(ctx context.Context, ids []reconcile.AccountID) ([]CredentialCount, error) {
	if lacking := lackingOf(s.permissions, needCredentials); len(lacking) > 0 {
		return nil, &ForbiddenError{Permission: lacking[0]}
	}
	out := make([]CredentialCount, len(ids))
	for i, id := range ids {
		if _, err := idNumber(id); err != nil {
			return nil, err // it would be taken for our own account
		}
		for kind, n := range map[string]*int{"x:AppPassword": &out[i].AppPasswords, "x:ApiKey": &out[i].APIKeys} {
			answers, err := s.do(ctx, false, call{kind + "/query", args{"accountId": string(id)}})
			if err != nil {
				return nil, fmt.Errorf("count the credentials of account %q: %w", string(id), err)
			}
			var found queryAnswer
			if err := answers[0].decode(&found); err != nil {
				return nil, err
			}
			if found.AccountID != string(id) {
				return nil, &MalformedError{Reason: "it looked into another account"}
			}
			*n = len(found.IDs)
		}
	}
	return out, nil
}
