package reconcile_test

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// The environment variables of TestMillionSteps: how many steps to play, and
// the seed of the first history; "today" gives each day its own.
const (
	envSteps = "SYNCAGENT_MODEL_STEPS"
	envSeed  = "SYNCAGENT_MODEL_SEED"
)

// TestMillionSteps plays random histories of hires, leavers, returns, renames,
// swaps, moved addresses, new stable IDs, mail, kills, refused writes, cut, empty
// and stale snapshots, changes by hand, restored backups, changed filters,
// changes of domain and approvals, with all policies. Whatever happens, no run
// lets anybody open what was made for somebody else, or leaves it so without
// saying why; no account of a living person is destroyed; a read that was not
// whole takes nothing away; and in the end the agent comes to rest.
func TestMillionSteps(t *testing.T) {
	steps, seed := 10_000, uint64(1)
	if text := os.Getenv(envSteps); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s: %v", envSteps, err)
		}
		steps = n
	}
	switch text := os.Getenv(envSeed); text {
	case "":
	case "today":
		seed = uint64(time.Now().Unix()/86400) * 1_000_000
	default:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", envSeed, err)
		}
		seed = n
	}
	begun := time.Now()
	total, histories := playMany(t, steps, seed)
	t.Logf("%d steps in %d histories from seed %d on, %s", total["steps"], histories, seed, time.Since(begun).Round(time.Millisecond))
	for _, what := range slices.Sorted(maps.Keys(total)) {
		t.Logf("%9d %s", total[what], what)
	}
}

// playMany plays histories on all processors until the steps are made or one
// fails.
func playMany(t *testing.T, steps int, seed uint64) (map[string]int, int) {
	t.Helper()
	var mu sync.Mutex
	total, next, failed := map[string]int{}, seed, ""
	play := func() bool {
		mu.Lock()
		mine := next
		next++
		enough := total["steps"] >= steps || failed != ""
		mu.Unlock()
		if enough {
			return false
		}
		tally, failure := playSeed(mine, true)
		if failure != "" {
			_, failure = playSeed(mine, false)
		}
		mu.Lock()
		defer mu.Unlock()
		for what, n := range tally {
			total[what] += n
		}
		if failure != "" && failed == "" {
			failed = fmt.Sprintf("a history fails; play it again with\n%s=%d %s=1 GOMAXPROCS=1 go test ./internal/reconcile -run '^TestMillionSteps$' -v\n%s",
				envSeed, mine, envSteps, failure)
		}
		return true
	}
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for play() {
			}
		})
	}
	workers.Wait()
	if failed != "" {
		t.Fatal(failed)
	}
	return total, int(next - seed)
}

// stop ends a history that failed.
type stop struct{}

// playSeed plays one history and tells what failed in it.
func playSeed(seed uint64, quiet bool) (tally map[string]int, failure string) {
	m := newModel(newSeedDice(seed), func(format string, args ...any) {
		failure = fmt.Sprintf(format, args...)
		panic(stop{})
	})
	m.quiet = quiet
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(stop); !ok {
				panic(r)
			}
		}
		tally = m.tally
	}()
	m.history(120)
	return m.tally, failure
}
