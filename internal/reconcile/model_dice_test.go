package reconcile_test

import (
	"math/rand/v2"

	"pgregory.net/rapid"
)

// dice makes every choice of a history: rapid, which can shrink a failure, or a
// seed, which is fast.
type dice interface {
	// below gives a number from 0 to n-1.
	below(n int) int
	flip() bool
}

type rapidDice struct{ t *rapid.T }

func (d rapidDice) below(n int) int { return rapid.IntRange(0, n-1).Draw(d.t, "choice") }
func (d rapidDice) flip() bool      { return rapid.Bool().Draw(d.t, "flip") }

type seedDice struct{ r *rand.Rand }

func newSeedDice(seed uint64) seedDice { return seedDice{rand.New(rand.NewPCG(seed, 42))} }

func (d seedDice) below(n int) int { return d.r.IntN(n) }
func (d seedDice) flip() bool      { return d.r.IntN(2) == 0 }

// pick takes one of a few values.
func pick[T any](d dice, values ...T) T { return values[d.below(len(values))] }

func shuffle[T any](d dice, list []T) {
	for i := len(list) - 1; i > 0; i-- {
		j := d.below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}
