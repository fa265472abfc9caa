package report

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"syncagent/internal/reconcile"
)

// genTime makes times of four years, in any zone and to the nanosecond.
func genTime(t *rapid.T) time.Time {
	zone := time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "zone")*3600)
	return time.Unix(rapid.Int64Range(0, 4*366*24*3600).Draw(t, "seconds"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns")).In(zone)
}

func genTimeOrNone(t *rapid.T) *time.Time {
	if rapid.Bool().Draw(t, "none") {
		return nil
	}
	at := genTime(t)
	return &at
}

func genText(t *rapid.T) string { return rapid.String().Draw(t, "text") }

func genCode(t *rapid.T) string {
	codes := reconcile.Codes()
	i := rapid.IntRange(0, len(codes)).Draw(t, "code")
	if i == len(codes) {
		return genText(t)
	}
	return codes[i].Code
}

func genStage(t *rapid.T) reconcile.Stage {
	return rapid.SampledFrom(append([]reconcile.Stage{""}, reconcile.Stages...)).Draw(t, "stage")
}

func genAction(t *rapid.T, seq int) reconcile.Action {
	all := []reconcile.ActionKind{
		reconcile.ActRelease, reconcile.ActPark, reconcile.ActSuspend, reconcile.ActResume, reconcile.ActRename,
		reconcile.ActDestroyTwin, reconcile.ActRelink, reconcile.ActExport, reconcile.ActDelete, reconcile.ActPurge,
	}
	kind := rapid.SampledFrom(all).Draw(t, "kind")
	a := reconcile.Action{
		Seq: seq, Kind: kind, Stage: reconcile.StageOf(kind), Source: "s" + genText(t), Account: reconcile.AccountID("a" + genText(t)),
		StableID: reconcile.StableID(rapid.StringN(-1, -1, reconcile.MaxStableID).Draw(t, "id")),
		From:     genText(t), To: genText(t), Via: genText(t), Reason: genText(t), Group: rapid.IntRange(0, 3).Draw(t, "group"),
		Addresses: reconcile.AddressChange{From: rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "from"), To: rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "to")},
	}
	if seq > 1 && rapid.Bool().Draw(t, "waits") {
		a.After = []int{rapid.IntRange(1, seq-1).Draw(t, "after")}
	}
	return a
}

func genMissing(t *rapid.T) reconcile.Missing {
	return reconcile.Missing{
		Source: genText(t), StableID: reconcile.StableID(genText(t)), Account: reconcile.AccountID(genText(t)), Name: genText(t),
		Since: genTime(t), Misses: rapid.Int().Draw(t, "misses"), SuspendDue: genTimeOrNone(t), DeleteDue: genTimeOrNone(t),
	}
}

// upTo makes a list of at most n members, nil if empty.
func upTo[T any](t *rapid.T, n int, one func(*rapid.T) T) []T {
	var l []T
	for range rapid.IntRange(0, n).Draw(t, "n") {
		l = append(l, one(t))
	}
	return l
}

func genReason(t *rapid.T) reconcile.Reason {
	return reconcile.Reason{Code: genCode(t), Message: genText(t), Hint: genText(t)}
}

func genRun(t *rapid.T) reconcile.RunResult {
	r := reconcile.RunResult{Run: genText(t), Created: genTime(t), Expires: genTimeOrNone(t), DurationMS: rapid.Int64().Draw(t, "ms")}
	r.Version, r.Hash = reconcile.PlanVersion, someHash
	r.Verdict = allOK()
	for _, stage := range reconcile.Stages {
		r.Verdict.Stages[stage] = rapid.SampledFrom([]reconcile.StageVerdict{reconcile.StageOK, reconcile.StageBlocked, reconcile.StageApproved}).Draw(t, "verdict")
	}
	r.Verdict.Reasons = upTo(t, 3, func(t *rapid.T) reconcile.BlockReason {
		return reconcile.BlockReason{Code: genCode(t), Stage: genStage(t), Source: genText(t), Message: genText(t), Hint: genText(t), Approvable: rapid.Bool().Draw(t, "approvable")}
	})
	r.Sources = upTo(t, 2, func(t *rapid.T) reconcile.SourcePlan {
		return reconcile.SourcePlan{
			Name: genText(t), Complete: rapid.Bool().Draw(t, "complete"), FirstRun: rapid.Bool().Draw(t, "first"),
			Entries: rapid.Int().Draw(t, "entries"), Reasons: upTo(t, 2, genReason), Warnings: upTo(t, 2, genReason),
		}
	})
	seq := 0
	r.Actions = upTo(t, 5, func(t *rapid.T) reconcile.Action { seq++; return genAction(t, seq) })
	for i := 1; i <= seq; i++ {
		if rapid.Bool().Draw(t, "tried") {
			r.Results = append(r.Results, reconcile.Result{Seq: i, Outcome: reconcile.Outcome(genText(t)), Error: genText(t), Hint: genText(t)})
		}
	}
	r.Holds = upTo(t, 12, func(t *rapid.T) reconcile.Hold {
		return reconcile.Hold{Code: genCode(t), Source: genText(t), Name: genText(t), Message: genText(t), Hint: genText(t)}
	})
	r.Missing, r.Unconfirmed = upTo(t, 3, genMissing), upTo(t, 12, genMissing)
	r.Notices = upTo(t, 3, func(t *rapid.T) reconcile.Notice {
		return reconcile.Notice{Code: genCode(t), Source: genText(t), Name: genText(t), Message: genText(t)}
	})
	return r
}

func TestAnyPlanCanBeShownAndReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run := genRun(t)
		o := Options{Color: rapid.Bool().Draw(t, "color"), Verbose: rapid.Bool().Draw(t, "verbose"), Width: rapid.IntRange(-5, 200).Draw(t, "width")}
		for _, view := range []View{OfPlan(run.Plan), OfRun(run)} {
			for _, format := range []Format{FormatText, FormatMarkdown, FormatHTML, FormatJSON} {
				once, twice := show(t, format, view, o), show(t, format, view, o)
				if !bytes.Equal(once, twice) {
					t.Fatalf("%s: the same view gives other bytes", format)
				}
				safe(t, format, once)
			}
		}
		got, err := ParsePlan(bytes.NewReader(show(t, FormatJSON, OfRun(run), o)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wireRun(run), got); diff != "" {
			t.Fatalf("round trip (-written +read):\n%s", diff)
		}
	})
}

func show(t *rapid.T, format Format, v View, o Options) []byte {
	var buf bytes.Buffer
	if err := Write(&buf, format, v, o); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// safe checks that nothing in the output steers a terminal.
func safe(t *rapid.T, format Format, out []byte) {
	text := string(out)
	for _, code := range []string{"0", "1", "2", "31", "32", "33", "36"} {
		text = strings.ReplaceAll(text, "\x1b["+code+"m", "")
	}
	for _, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%s has the rune %U", format, r)
		}
	}
}

func TestTheZeroPlanIsNotQuiet(t *testing.T) {
	if got := Summary(OfPlan(reconcile.Plan{})); strings.HasPrefix(got, "nothing to do") {
		t.Errorf("a plan that nobody made says %q", got)
	}
}
