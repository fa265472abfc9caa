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
		of := args{"accountId": string(id)}
		answers, err := s.do(ctx, false, call{"x:AppPassword/query", of}, call{"x:ApiKey/query", of})
		if err != nil {
			return nil, fmt.Errorf("count the credentials of account %q: %w", string(id), err)
		}
		for k, n := range []*int{&out[i].AppPasswords, &out[i].APIKeys} {
			var found queryAnswer
			if err := answers[k].decode(&found); err != nil {
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
