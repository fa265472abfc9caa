package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
)

// claimFileMost bounds the file: a line for each of a million accounts.
const claimFileMost = 256 << 20

var (
	// orphanText is a line as "orphans" writes it.
	orphanText = regexp.MustCompile(`^(\S+) \(account ([A-Za-z0-9]+)(?:, [^()]*)?\)(?: .*)?$`)
	// orphanSum is its last line.
	orphanSum = regexp.MustCompile(`^\d+ orphans? of \d+ accounts?; \d+ left out`)
)

// parseClaims reads the report of orphans, in either form. Empty lines and those
// that begin with # are left out.
func parseClaims(in io.Reader) ([]reconcile.Claim, error) {
	data, err := io.ReadAll(io.LimitReader(in, claimFileMost+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > claimFileMost:
		return nil, fmt.Errorf("it is larger than %d bytes", claimFileMost)
	}
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		return parseClaimJSON(trimmed)
	}
	var claims []reconcile.Claim
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || orphanSum.MatchString(line) {
			continue
		}
		found := orphanText.FindStringSubmatch(line)
		if found == nil {
			return nil, fmt.Errorf("line %d is not a line of the orphans report: %q", i+1, printable(line))
		}
		claims = append(claims, reconcile.Claim{Account: reconcile.AccountID(found[2]), Name: found[1]})
	}
	return claims, nil
}

func parseClaimJSON(data []byte) ([]reconcile.Claim, error) {
	var report agent.OrphanReport
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&report); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	if dec.More() {
		return nil, fmt.Errorf("there is something after the report")
	}
	if report.Orphans == nil {
		return nil, fmt.Errorf("there is no list of orphans in it")
	}
	var claims []reconcile.Claim
	for i, o := range report.Orphans {
		if o.Account == "" || o.Name == "" {
			return nil, fmt.Errorf("orphans[%d]: account or name is missing", i)
		}
		c := reconcile.Claim{Account: o.Account, Name: o.Name, Addresses: o.Addresses}
		if o.Created != nil {
			c.Created = *o.Created
		}
		claims = append(claims, c)
	}
	return claims, nil
}
