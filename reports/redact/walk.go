package redact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// place is where a text stands in a document.
type place struct {
	name string // the key under which it stands
	of   string // the name of the object around it that has one
}

// each replaces each text of a JSON document by what becomes of it under its key.
func each(document []byte, change func(name, value string) string) ([]byte, error) {
	return rewrite(document, func(p place, s string) string { return change(p.name, s) })
}

// rewrite replaces each text of a JSON document by what becomes of it in its place.
func rewrite(document []byte, change func(place, string) string) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("redact: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("redact: something follows the document")
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(changed(v, place{}, change)); err != nil {
		return nil, fmt.Errorf("redact: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func changed(v any, p place, change func(place, string) string) any {
	switch v := v.(type) {
	case string:
		return change(p, v)
	case []any:
		for i := range v {
			at := p
			if i > 0 {
				// The value of an argument may be the next one: --password x
				if flag, isText := v[i-1].(string); isText && strings.HasPrefix(flag, "-") && !strings.Contains(flag, "=") && secretName(flag) {
					at.name = flag
				}
			}
			v[i] = changed(v[i], at, change)
		}
	case map[string]any:
		of := p.of
		if name, isText := v["name"].(string); isText {
			of = name
		}
		for key := range v {
			v[key] = changed(v[key], place{key, of}, change)
		}
	}
	return v
}
