// Package offline holds the commands that need no engine and no world: they judge, show and
// dump what was saved, and explain what can be asked.
package offline
