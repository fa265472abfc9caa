package stalwart

import (
	"context"
	"fmt"

	"syncagent/internal/reconcile"
)

// cutCredentials destroys the app passwords and API keys of a parked account
// and notes what is left. They bypass the directory: without this they open the
// mailbox of someone who has left.
func (s *jmapServer) cutCredentials(ctx context.Context, id reconcile.AccountID, result *ParkResult) {
	if !s.info.Can.Credentials {
		lacking := lackingOf(s.permissions, needCredentials)
		err := &ForbiddenError{Permission: lacking[0]}
		result.notCut(NotCutCredentials, "app passwords and API keys were not looked for: "+err.Error(), err.Hint())
		return
	}
	for _, kind := range []struct {
		object, name string
		count        *int
	}{
		{"x:AppPassword", "app passwords", &result.AppPasswords},
		{"x:ApiKey", "API keys", &result.APIKeys},
	} {
		n, err := s.destroyCredentials(ctx, kind.object, id)
		*kind.count = n
		if err != nil {
			result.notCut(NotCutCredentials, fmt.Sprintf("not all %s were destroyed: %v", kind.name, err), HintOf(err))
		}
	}
}

// destroyCredentials destroys all credentials of one kind, and looks again
// until there are none. Destroying one twice does no harm.
func (s *jmapServer) destroyCredentials(ctx context.Context, kind string, id reconcile.AccountID) (int, error) {
	const rounds = 5
	destroyed := 0
	for range rounds {
		answers, err := s.do(ctx, false, call{kind + "/query", args{"accountId": string(id)}})
		if err != nil {
			return destroyed, err
		}
		var found queryAnswer
		if err := answers[0].decode(&found); err != nil {
			return destroyed, err
		}
		if found.AccountID != string(id) {
			// An ID that it did not understand would be taken for our own account.
			return destroyed, &MalformedError{Reason: "it looked into another account"}
		}
		if len(found.IDs) == 0 {
			return destroyed, nil
		}
		batch := found.IDs[:min(len(found.IDs), writeBatch)]
		answers, err = s.do(ctx, true, call{kind + "/set", args{"accountId": string(id), "destroy": batch}})
		if err != nil {
			return destroyed, err
		}
		var set setAnswer
		if err := answers[0].decode(&set); err != nil {
			return destroyed, err
		}
		destroyed += len(set.Destroyed)
		for _, e := range set.NotDestroyed {
			if e.Type != "notFound" {
				return destroyed, s.typed(e, id, "", permissionFor(kind+"/get"))
			}
		}
	}
	return destroyed, &MalformedError{Reason: "there are always more of them"}
}
