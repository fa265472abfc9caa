package archive

import (
	"context"
	"encoding/json"
)

// vacation sets an archived response that says something, unless the account
// has one of its own.
func (r *restore) vacation(ctx context.Context) error {
	type response struct {
		ID        string  `json:"id"`
		IsEnabled bool    `json:"isEnabled"`
		FromDate  *string `json:"fromDate"`
		ToDate    *string `json:"toDate"`
		Subject   *string `json:"subject"`
		TextBody  *string `json:"textBody"`
		HTMLBody  *string `json:"htmlBody"`
	}
	empty := func(v response) bool {
		return !v.IsEnabled && v.Subject == nil && v.TextBody == nil && v.HTMLBody == nil
	}
	var have response
	err := r.present(ctx, "VacationResponse", nil, func(raw json.RawMessage) error { return json.Unmarshal(raw, &have) })
	if err != nil {
		return err
	}
	return readArray(r.src, "vacation.json", func(v response) error {
		v.ID = ""
		have.ID = ""
		want, err := json.Marshal(v)
		if err != nil {
			return err
		}
		present, err := json.Marshal(have)
		switch {
		case err != nil:
			return err
		case empty(v) || string(want) == string(present):
			r.exists("VacationResponse")
			return nil
		case !empty(have):
			r.problem("VacationResponse", "singleton", "", errDifferent)
			return nil
		}
		patch := map[string]json.RawMessage{}
		if err := json.Unmarshal(want, &patch); err != nil {
			return err
		}
		delete(patch, "id")
		text, err := json.Marshal(patch)
		if err != nil {
			return err
		}
		if err := r.server.Change(ctx, r.id, "VacationResponse", "singleton", text); err != nil {
			return err
		}
		return r.made("VacationResponse", "singleton", "singleton")
	})
}

// scripts restores Sieve scripts by name, and activates the archived active one
// if the account has no active script of its own.
func (r *restore) scripts(ctx context.Context) error {
	byName, active := map[string]archived{}, false
	err := r.present(ctx, "SieveScript", partOf("SieveScript").properties, func(raw json.RawMessage) error {
		var s archived
		err := json.Unmarshal(raw, &s)
		byName[s.Name] = s
		active = active || s.IsActive
		return err
	})
	if err != nil {
		return err
	}
	activate := ""
	err = readArray(r.src, "sieve.json", func(s archived) error {
		if s.Name == "vacation" || s.Name == "" { // up to 0.11 it has no name
			r.exists("SieveScript") // the server makes it from the vacation response
			return nil
		}
		id, err := r.script(ctx, s, byName)
		if s.IsActive && id != "" {
			activate = id
		}
		return err
	})
	if err != nil || activate == "" || active {
		return err
	}
	return r.server.ActivateScript(ctx, r.id, activate)
}

// script restores one script; id is "" if it could not be.
func (r *restore) script(ctx context.Context, s archived, byName map[string]archived) (id string, err error) {
	path, err := blobFile(s.BlobID)
	if err != nil {
		return "", err
	}
	if have, ok := byName[s.Name]; ok {
		same, err := r.sameContent(ctx, have.BlobID, r.file(path).SHA256)
		if err != nil {
			return "", err
		}
		if !same {
			r.problem("SieveScript", s.ID, s.Name, errDifferent)
			return "", nil
		}
		r.exists("SieveScript")
		return have.ID, nil
	}
	blob, err := r.upload(ctx, s.BlobID, "application/sieve")
	if err != nil {
		return "", err
	}
	return r.createOne(ctx, "SieveScript", s.ID, s.Name, map[string]any{"name": s.Name, "blobId": blob})
}
