package state

import (
	"context"
	"fmt"
	"testing"

	"syncagent/internal/reconcile"
)

// big is the number of principals that the aims are stated for.
const big = 100_000

func bigLedger(b *testing.B, dir string) *Ledger {
	b.Helper()
	l := openLedger(b, dir)
	principals := make([]reconcile.Principal, big)
	for i := range principals {
		principals[i] = settled("staff", i)
	}
	record(b, l, principals...)
	return l
}

func BenchmarkKnown(b *testing.B) {
	l := bigLedger(b, b.TempDir())
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		err := l.Known(ctx, "staff", func(int64, reconcile.StableID, reconcile.Hash, reconcile.State) error {
			n++
			return nil
		})
		if err != nil || n != big {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkRecordAll(b *testing.B) {
	for b.Loop() {
		bigLedger(b, b.TempDir())
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, mode := range []Mode{ReadOnly, ReadWrite} {
		b.Run([]string{"ReadOnly", "ReadWrite"}[mode], func(b *testing.B) {
			dir := b.TempDir()
			if err := bigLedger(b, dir).Close(); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				l, err := Open(context.Background(), Options{Dir: dir, Mode: mode})
				if err != nil {
					b.Fatal(err)
				}
				if err := l.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCounts(b *testing.B) {
	l := bigLedger(b, b.TempDir())
	ctx := context.Background()
	for b.Loop() {
		if _, err := l.CountByDomain(ctx, "staff"); err != nil {
			b.Fatal(err)
		}
		if _, err := l.CountLiving(ctx, "staff"); err != nil {
			b.Fatal(err)
		}
		if _, err := l.Unsettled(ctx, "staff"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkListing(b *testing.B) {
	accounts := make([]reconcile.Account, big)
	for i := range accounts {
		accounts[i] = reconcile.Account{
			ID: reconcile.AccountID(fmt.Sprintf("c%d", i)), Name: fmt.Sprintf("user%d@example.org", i),
			Kind: reconcile.KindIndividual, Created: noon, Addresses: []string{fmt.Sprintf("alias%d@example.org", i)},
		}
	}
	ctx := context.Background()
	listing := Listing{At: noon, Accounts: accountList(accounts...), KeysOf: accountKeys}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			if err := openLedger(b, b.TempDir()).SaveListing(ctx, listing); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		l := openLedger(b, b.TempDir())
		if err := l.SaveListing(ctx, listing); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if err := l.SaveListing(ctx, listing); err != nil {
				b.Fatal(err)
			}
		}
	})
}
