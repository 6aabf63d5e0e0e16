package trial

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/bounded"
	"github.com/breakwater-kit/breakwater/reports/printable"
)

// What a saved trial may hold.
const (
	MaxSize   = 32 << 20  // bytes
	maxValues = 1_000_000 // of JSON
)

// sums is the field of a saved trial that holds the SHA-256 of each other one. They
// find what was edited by mistake or for convenience, and name it. Who edits the sums,
// too, is not found: that would take a key that only some have.
const sums = "sums"

// EditedError is returned by [Decode] for a trial that is not what was saved.
type EditedError struct {
	Fields []string // which of its fields, "took changed", "round added", "claim removed"; empty: how it is written
}

func (e *EditedError) Error() string {
	if len(e.Fields) == 0 {
		return "trial: it was edited: it is not written as a trial is saved"
	}
	return "trial: it was edited: " + strings.Join(e.Fields, ", ")
}

// Encode is the trial as one line of JSON with a line end, the form in which it
// is saved, with the checksums of its fields.
func (t *Trial) Encode() ([]byte, error) {
	b, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("trial %s: %w", t.ID, err)
	}
	b = []byte(printable.Text(string(b))) // the same values
	fields, err := fieldsOf(b)
	if err != nil {
		return nil, fmt.Errorf("trial %s: %w", t.ID, err)
	}
	sealed, err := json.Marshal(sumsOf(fields))
	if err != nil {
		return nil, fmt.Errorf("trial %s: %w", t.ID, err)
	}
	b = append(b[:len(b)-1], `,"`+sums+`":`...)
	return append(append(b, sealed...), "}\n"...), nil
}

func fieldsOf(b []byte) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	err := json.Unmarshal(b, &fields)
	return fields, err
}

func sumsOf(fields map[string]json.RawMessage) map[string]string {
	all := map[string]string{}
	for name, value := range fields {
		var compact bytes.Buffer
		_ = json.Compact(&compact, value) // it was decoded
		sum := sha256.Sum256(compact.Bytes())
		all[name] = hex.EncodeToString(sum[:])
	}
	return all
}

// Decode reads a saved trial. It fails on JSON that is no trial of this schema, on one
// that is larger than [MaxSize], with an [*EditedError] on one that was changed since it
// was saved, and on a suite or an id that cannot be part of a path.
func Decode(b []byte) (*Trial, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("trial: it has %d bytes, and at most %d are read", len(b), MaxSize)
	}
	if err := bounded.JSON(b, maxValues); err != nil {
		return nil, fmt.Errorf("trial: %w", err)
	}
	fields, err := fieldsOf(b)
	if err != nil {
		return nil, fmt.Errorf("trial: %w", err)
	}
	var schema string
	_ = json.Unmarshal(fields["schema"], &schema) // what is no text is no schema either
	if schema != Schema {
		return nil, fmt.Errorf("trial: schema is %q, this version reads %q: perform it again, or judge it with the version that saved it", schema, Schema)
	}
	if err := unedited(fields); err != nil {
		return nil, err
	}
	var t Trial
	if err := json.Unmarshal(b, &t); err != nil {
		return nil, fmt.Errorf("trial: %w", err)
	}
	if err := errors.Join(CheckName("suite", t.Suite), CheckName("trial", t.ID)); err != nil {
		return nil, err
	}
	if again, err := t.Encode(); err != nil || !bytes.Equal(again, b) {
		return nil, errors.Join(&EditedError{}, err) // a field twice, or one that nobody knows
	}
	return &t, nil
}

// unedited compares the fields with the sums that were saved with them.
func unedited(fields map[string]json.RawMessage) error {
	saved := map[string]string{}
	raw, sealed := fields[sums]
	if !sealed {
		return &EditedError{Fields: []string{sums + " removed"}}
	}
	if err := json.Unmarshal(raw, &saved); err != nil {
		return &EditedError{Fields: []string{sums + " changed"}}
	}
	delete(fields, sums)
	is := sumsOf(fields)
	var edited []string
	for _, name := range slices.Sorted(maps.Keys(is)) {
		switch was, known := saved[name]; {
		case !known:
			edited = append(edited, name+" added")
		case was != is[name]:
			edited = append(edited, name+" changed")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(saved)) {
		if _, there := is[name]; !there {
			edited = append(edited, name+" removed")
		}
	}
	if len(edited) > 0 {
		return &EditedError{Fields: edited}
	}
	return nil
}

var pathName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)

// CheckName is an error when the name cannot be part of a path without surprises. What
// it names is for the error: suite, trial.
func CheckName(what, name string) error {
	if !pathName.MatchString(name) {
		return fmt.Errorf("%s %q must begin with a letter or digit and hold only those, '.', '_' and '-', 200 at most", what, name)
	}
	return nil
}
