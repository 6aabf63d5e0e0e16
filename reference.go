package breakwater

import (
	"embed"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"sync"
)

// The comments at the declarations of guarantees, faults and measures are their reference:
// `breakwater explain` prints them, and docs/ is made of them, so that nobody writes
// anything twice.
//
//go:embed guarantees.go fault.go measures.go
var declarations embed.FS

// Reference explains one guarantee, fault or measure.
type Reference struct {
	Of     string // guarantee, fault or measure
	Name   string // as reports and saved runs have it: "no-stuck", "latency", "catch-up"
	Symbol string // as Go has it: "NoStuck", "Latency", "CatchUp"
	Usage  string // how it is written in a scenario: "Holds(NoStuck)", "Latency(e EdgeRef, d, jitter time.Duration)"
	doc    *comment.Doc
}

// What a [Reference] is of.
const (
	OfGuarantee = "guarantee"
	OfFault     = "fault"
	OfMeasure   = "measure"
)

// References are all guarantees, faults and measures, each kind in the order of its
// declarations.
var References = sync.OnceValue(func() []Reference {
	var all []Reference
	for _, source := range []struct{ file, of string }{{"guarantees.go", OfGuarantee}, {"fault.go", OfFault}, {"measures.go", OfMeasure}} {
		found, err := references(source.file, source.of)
		if err != nil {
			panic(err) // the file is a part of this package, which was compiled
		}
		all = append(all, found...)
	}
	return all
})

// Explain finds what goes by that name, or by that of its Go symbol. A fault and a
// measure may share one.
func Explain(name string) (found []Reference) {
	for _, r := range References() {
		if name == r.Name || strings.EqualFold(name, r.Symbol) {
			found = append(found, r)
		}
	}
	return found
}

// Text is the reference for a terminal.
func (r Reference) Text() string {
	return fmt.Sprintf("%s (%s)\n%s\n\n%s", r.Name, r.Of, r.Usage, (&comment.Printer{TextWidth: 88}).Text(r.doc))
}

// Markdown is the reference as a section of a page.
func (r Reference) Markdown() string {
	p := &comment.Printer{HeadingLevel: 4, DocLinkURL: func(l *comment.DocLink) string {
		return "https://pkg.go.dev/github.com/breakwater-kit/breakwater#" + strings.TrimPrefix(l.Recv+"."+l.Name, ".")
	}}
	return fmt.Sprintf("## %s\n\n`%s`\n\n%s", r.Name, r.Usage, p.Markdown(r.doc))
}

// references are what a file declares.
func references(file, of string) ([]Reference, error) {
	source, err := declarations.ReadFile(file)
	if err != nil {
		return nil, err
	}
	tree, err := parser.ParseFile(token.NewFileSet(), file, source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var all []Reference
	add := func(name, symbol, usage, text string) {
		if name != "" && text != "" {
			all = append(all, Reference{Of: of, Name: name, Symbol: symbol, Usage: usage, doc: new(comment.Parser).Parse(text)})
		}
	}
	kinds := map[string]string{} // of faults: the constant's value by its name
	for _, d := range tree.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				v, ok := spec.(*ast.ValueSpec)
				if !ok || d.Tok != token.CONST || len(v.Values) != 1 {
					continue
				}
				value, symbol := text(v.Values[0]), v.Names[0].Name
				switch {
				case of == OfFault:
					kinds[symbol] = value
				case len(d.Specs) == 1 && of == OfGuarantee:
					g, _ := GuaranteeOf(value)
					add(value, symbol, "Holds("+symbol+")", d.Doc.Text()+g.conditions())
				case len(d.Specs) == 1:
					add(value, symbol, symbol, d.Doc.Text())
				}
			}
		case *ast.FuncDecl:
			if d.Recv != nil || !d.Name.IsExported() || d.Type.Results == nil {
				continue
			}
			usage := strings.TrimPrefix(strings.TrimSpace(string(source[d.Pos()-1:d.Body.Pos()-1])), "func ")
			if i := strings.Index(usage, "func "+d.Name.Name); i >= 0 {
				usage = usage[i+len("func "):] // the comment stands before it
			}
			usage = usage[:strings.LastIndex(usage, ")")+1]
			ast.Inspect(d.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.KeyValueExpr:
					if key, ok := n.Key.(*ast.Ident); ok && of == OfFault && key.Name == "Kind" {
						if kind, ok := n.Value.(*ast.Ident); ok {
							add(kinds[kind.Name], d.Name.Name, usage, d.Doc.Text())
						}
					}
				case *ast.CallExpr:
					if f, ok := n.Fun.(*ast.Ident); ok && of == OfMeasure && f.Name == "measureName" {
						add(measureKey(n.Args[0]), d.Name.Name, usage, d.Doc.Text())
					}
				}
				return true
			})
		}
	}
	return all, nil
}

// measureKey is the constant part of a measure's name: "latency…added" of
// "latency."+quantile+".added".
func measureKey(e ast.Expr) string {
	if sum, ok := e.(*ast.BinaryExpr); ok {
		left, right := measureKey(sum.X), measureKey(sum.Y)
		if left == "" || right == "" {
			return left + right
		}
		return left + "…" + right
	}
	return strings.Trim(text(e), ".")
}

func text(e ast.Expr) string {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	value, _ := strconv.Unquote(literal.Value) // it was compiled
	return value
}
