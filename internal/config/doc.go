// Package config reads the configuration of syncagent.
//
// The YAML is strict: an unknown or doubled key, a second document or an empty
// file is an error, and so is a setting that this build cannot honour. All
// problems are collected and told at once, each with line, column, key and a
// hint (ProblemsError); what is only risky becomes a warning. Loading reads the
// file and nothing else: no secret, no certificate, no network.
//
// The YAML library gives a tree of nodes with positions; decode.go fills the
// structs from it, so that checks that come later still know the line.
// keys.go describes every key in one table: the reference in
// docs/reference/configuration.md and "check --defaults" come from it.
//
// It must never print a secret: Secret values cannot be printed at all, and
// excerpts of the file mask whatever looks like one.
package config
