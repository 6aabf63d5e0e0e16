// Command notes keeps what it is asked to in a memo. It reads LISTEN and MEMO from the
// environment.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	http.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("POST /notes", func(w http.ResponseWriter, r *http.Request) {
		note, err := json.Marshal(map[string]any{"id": r.Header.Get("Idempotency-Key"), "key": r.Header.Get("Customer"), "at": time.Now()})
		if err == nil {
			err = ask(string(note), func(memo io.Reader) error {
				_, err := bufio.NewReader(memo).ReadString('\n')
				return err
			})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})
	http.HandleFunc("GET /notes", func(w http.ResponseWriter, _ *http.Request) {
		err := ask("", func(memo io.Reader) error {
			_, err := io.Copy(w, memo)
			return err
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})
	log.Fatal(http.ListenAndServe(os.Getenv("LISTEN"), nil))
}

// ask sends a line to the memo, and has the answer read.
func ask(line string, read func(memo io.Reader) error) error {
	memo, err := net.DialTimeout("tcp", os.Getenv("MEMO"), time.Second)
	if err != nil {
		return err
	}
	defer memo.Close()
	_ = memo.SetDeadline(time.Now().Add(5 * time.Second)) // of an open connection it cannot fail
	if _, err := fmt.Fprintln(memo, line); err != nil {
		return err
	}
	return read(memo)
}
