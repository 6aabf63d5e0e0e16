package positions

import (
	"log/slog"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What the fence does is tested where it is used, in analytics. After a reset
// nobody goes on who was there before, and who claims begins again.
func TestReset(t *testing.T) {
	db := servicetest.OpenDB(t, "sqlite::memory:")
	owner, other := New(db, "t", "owner"), New(db, "other", "owner")
	if err := database.Migrate(t.Context(), db, slog.New(slog.DiscardHandler), owner.Tables()...); err != nil {
		t.Fatal(err)
	}
	advance := func(s Store, offset int64) error {
		return database.ExecAll(t.Context(), db, s.Advance(&kgo.Record{Offset: offset})...)
	}
	for _, s := range []Store{owner, other} {
		if _, err := s.Claim(t.Context(), 3, []int32{0}); err != nil {
			t.Fatal(err)
		}
		if err := advance(s, 41); err != nil {
			t.Fatal(err)
		}
	}
	if err := database.ExecAll(t.Context(), db, owner.Reset()...); err != nil {
		t.Fatal(err)
	}
	if err := advance(owner, 42); !database.Violates(err, "fenced") {
		t.Errorf("the owner goes on after the reset: %v, want it refused", err)
	}
	if err := advance(other, 42); err != nil {
		t.Errorf("on another topic, after the reset: %v", err)
	}
	if next, err := owner.Claim(t.Context(), 3, []int32{0}); err != nil || next[0] != 0 {
		t.Errorf("claimed again: %v, %v; want the beginning", next, err)
	}
	if err := advance(owner, 0); err != nil {
		t.Error(err)
	}
	if got, want := servicetest.Strings(t, db, "SELECT next_offset || ' ' || epoch || ' ' || instance FROM positions WHERE topic = 't' ORDER BY seq"),
		[]string{"0 3 owner", "42 3 owner", "0 0 reset", "0 3 owner", "1 3 owner"}; !slices.Equal(got, want) {
		t.Errorf("positions %q, want %q", got, want)
	}
}
