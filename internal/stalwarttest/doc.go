// Package stalwarttest is a simulator of a Stalwart mail server: version 0.16.18 with the JMAP management API, or one of
// 0.5 to 0.15 with the REST one (files rest_*.go; see Options.Generation).
//
// It exists so that the rest of syncagent can be tested, and demonstrated, against a server that has the
// dangerous habits of the real one: accounts that appear by a login or a delivery, aliases that are never
// taken back, a stranger with a leaver's address who opens the leaver's mailbox, ids of destroyed accounts that
// still answer, anchors that restart a listing. Its behaviour is held to recordings of a real server, see
// contract_test.go.
//
// A [Server] is a plain value with its own mutex and an [http.Handler]. It starts no goroutine of its own: what a
// real server does in the background (destroying data, purging blobs) is worked out at the start of each request.
//
// It is for tests and for `syncagent demo` only: it stores secrets as they are and keeps everything in memory.
package stalwarttest
