package demo

import "fmt"

// configuration is the file that the runs of the demonstration load: an
// ordinary one, except for the remarks.
func configuration(url, login string) string {
	return fmt.Sprintf(`# Written by "syncagent demo". Paths are relative to this file.
server:
  # The simulated mail server of the demonstration; it is gone when the
  # demonstration has ended, so "syncagent sync" would end with exit code 6.
  url: %s
  %s
  rate: 1000                  # it stands nothing but the demonstration
sources:
  - name: staff
    sql:
      driver: sqlite
      dsn: directory.sqlite
      query: SELECT id, mail, kind FROM directory
      lookup: SELECT id, mail, kind FROM directory WHERE id = ?
      addresses: SELECT id, address FROM aliases JOIN directory USING (id) UNION ALL SELECT id, mail FROM directory
      count: SELECT count(*) FROM directory
    map:
      id: id                  # the personnel number: it never changes
      id_never_reused: true
      name: "{mail}"
      kind: { attribute: kind }
    expect: { min_entries: 20, max_drop: 15%%, canaries: [ mina.almeida@example.org ] }
policy:
  missing: delete             # the default is to report only
  grace: { runs: 3, time: 14d }
  export: { required: true, keep: 365d } # the default; archives are in state/archive
  limits:                     # the demonstration renames many of few people on one day
    rename: { count: 100, percent: 20%% }
state: { dir: state }
audit: { file: audit.jsonl }
listen: ""
`, url, login)
}
