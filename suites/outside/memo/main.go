// Command memo is a system that the kit does not know: a server that keeps lines.
//
//	memo --listen HOST:PORT
//
// It answers each line but the last with "kept", and an empty one with all of them.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"net"
	"strings"
	"sync"
)

func main() {
	listen := flag.String("listen", "", "where it listens")
	_ = flag.String("data", "", "it keeps lines in memory")
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	var mu sync.Mutex
	var kept strings.Builder
	for {
		c, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer c.Close()
			for lines := bufio.NewScanner(c); lines.Scan(); {
				mu.Lock()
				if lines.Text() == "" {
					fmt.Fprint(c, kept.String())
					mu.Unlock()
					return
				}
				fmt.Fprintln(&kept, lines.Text())
				mu.Unlock()
				fmt.Fprintln(c, "kept")
			}
		}()
	}
}
