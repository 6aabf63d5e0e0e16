// Package names dials services by name: a DNS server answers where each is now, host
// and port, by an SRV record.
//
// A connection that breaks is what makes a client ask again, and it believes what it
// was told for some time: until that is over it does not find a service that has
// moved. The shorter the time, the sooner it does, and the more it asks.
package names

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// askTimeout bounds one question: a connection waits for it.
const askTimeout = time.Second

// Dial opens a connection, as net.Dialer does.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Dialer dials by name. Make one with [New].
type Dialer struct {
	dial Dial
	ttl  time.Duration
	ask  func(ctx context.Context, name string) (addresses []string, err error)

	mu       sync.Mutex
	reported map[string]answer // by name
}

type answer struct {
	at        time.Time
	addresses []string
}

// New makes a dialer that asks the server (host:port, over TCP) and believes an
// answer for ttl.
func New(server string, ttl time.Duration, dial Dial) *Dialer {
	resolver := &net.Resolver{
		PreferGo: true,
		Dial:     func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, "tcp", server) },
	}
	return &Dialer{
		dial:     dial,
		ttl:      ttl,
		reported: map[string]answer{},
		ask:      func(ctx context.Context, name string) ([]string, error) { return ask(ctx, resolver, name) },
	}
}

// ask asks for the SRV records of a name, and where their hosts are. A host without
// a dot is one that this machine's own resolver knows.
func ask(ctx context.Context, resolver *net.Resolver, name string) (addresses []string, err error) {
	_, records, err := resolver.LookupSRV(ctx, "", "", name)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		hosts := []string{strings.TrimSuffix(r.Target, ".")}
		if strings.Contains(hosts[0], ".") {
			if hosts, err = resolver.LookupHost(ctx, r.Target); err != nil {
				return nil, err
			}
		}
		for _, host := range hosts {
			addresses = append(addresses, net.JoinHostPort(host, strconv.Itoa(int(r.Port))))
		}
	}
	return addresses, nil
}

// DialContext dials where the host of the address is now. The port of the address
// does not count then. What has no name to ask for is dialled as it is: an IP, and a
// host without a dot.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil || net.ParseIP(host) != nil || !strings.Contains(host, ".") {
		return d.dial(ctx, network, address)
	}
	addresses, err := d.find(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("where is %s: %w", host, err)
	}
	return d.dial(ctx, network, addresses[rand.IntN(len(addresses))]) //nolint:gosec // a guess does no harm
}

// find asks, unless it was told a short while ago. Several that miss the answer at
// once all ask: the server is made for that.
func (d *Dialer) find(ctx context.Context, host string) ([]string, error) {
	d.mu.Lock()
	known, ok := d.reported[host]
	d.mu.Unlock()
	if ok && time.Since(known.at) < d.ttl {
		return known.addresses, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	at := time.Now()
	addresses, err := d.ask(ctx, host+".") // rooted: no other domain is tried
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reported[host] = answer{at, addresses}
	return addresses, nil
}
