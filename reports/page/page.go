// Package page renders a run as one HTML file that needs nothing else: no
// network, no script to be readable, no asset beside it. It can be opened from
// disk years later, printed, and read on a phone.
//
// The package only formats. Every number on the page was computed by measure or
// check and is in the trials. What it adds is arrangement: trials of the same
// claim and title in the same world are contenders of one experiment and are
// drawn together.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"

	"github.com/breakwater-kit/breakwater/reports/printable"
	"github.com/breakwater-kit/breakwater/reports/report"
)

//go:embed page.css
var style string

//go:embed page.js
var script string

//go:embed *.html
var templates embed.FS

var layout = template.Must(template.New("page").Funcs(helpers).ParseFS(templates, "*.html"))

// policy is the page's own content security policy. It lets nothing in from
// anywhere: the one script is named by its hash, so that even a string that
// slipped through the escaping could not run.
func policy() string {
	sum := sha256.Sum256([]byte(script))
	return "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; " +
		"script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Write renders the run to w. It fails on a run that does not validate, before
// anything is written, and with the error of w.
func Write(w io.Writer, run report.Run) error {
	if err := run.Validate(); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := layout.ExecuteTemplate(&b, "page", newView(run)); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	shown := printable.NewWriter(w)
	_, err := shown.Write(b.Bytes())
	return errors.Join(err, shown.Close())
}
