// A module of somebody else: it uses the kit as any user does, with its own services.
module example.com/shop

go 1.26.0

require (
	github.com/breakwater-kit/breakwater v0.0.0
	github.com/twmb/franz-go v1.22.2
)

replace github.com/breakwater-kit/breakwater => ../..
