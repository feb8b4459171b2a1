/**
 * What the API server and the leaders do about one address for each Service: leadership, lists and watches, PATCHes that may arrive
 * at any time, and the protocol of claims (docs/decisions/0003, 0007, and 0009). docs/model.md says how to run it and what it
 * leaves out. Names in parentheses are those of the source.
 */
module claims

open util/ordering[Version]

/** The promise to be checked: no address is on two Services. */
pred noDuplicate { no disj s, other: Service | some s.address & other.address }

/** A difference from the protocol. Each check says which of them it has. */
abstract sig Variant {}
one sig
  /** Controllers run without `--claims`. */
  NoClaims,
  /** No request arrives after the leadership in which it was sent. */
  NothingLate,
  /** The PATCH is sent before the claim is confirmed. */
  WriteBeforeClaim,
  /** A leader takes no notice of the reservations of others. */
  ReservationsIgnored,
  /** A reservation ends while its Service is still in that version. */
  ReservationsEndEarly,
  /** The address of a PATCH that was not answered is free. */
  UnansweredIsFree
  extends Variant {}
one sig Protocol { variants: set Variant }
pred is[variant: Variant] { variant in Protocol.variants }

/** The versions of each Service, in order. */
sig Version {}

sig Address {
  /** The reservations in its claim. */
  var reserved: Service -> Version
}
/** Addresses with a claim in the API. */
var sig Claimed in Address {}

sig Service {
  /** What each version has. A version that is never reached has anything. */
  content: Version -> lone Address,
  var version: one Version
}
fun address[s: Service]: lone Address { s.content[s.version] }

/** A period in which one process leads. Another one of the same process is another leadership. */
sig Leadership {
  /** The newest version that it has seen of each Service (VersionedStore). */
  var knows: Service -> lone Version,
  var knowsClaimed: set Address,
  var knowsReserved: Address -> Service -> Version
}
var sig Leading, Over, Listed, ListedClaims in Leadership {}

/** A PATCH of a Service, guarded by its version. Once sent, it can arrive at any time, and more than once. */
sig Write { by: one Leadership, of: one Service, on: one Version, gives: one Address }
var sig Sent in Write {}

/** A POST or PATCH of a claim that adds a reservation. A PATCH is guarded by the version of the claim: here, by what it has. */
sig ClaimWrite {
  by: one Leadership,
  claims: one Address,
  of: one Service,
  on: one Version,
  /** What the claim is known to have; the claim is created if it is in `Creating`. */
  was: Service -> Version,
  keeps: Service -> Version
}
sig Creating in ClaimWrite {}
var sig SentClaim, Refused in ClaimWrite {}

/** A DELETE of a claim, guarded in the same way. */
sig Deletion { by: one Leadership, drops: one Address, was: Service -> Version }
var sig SentDeletion in Deletion {}

fact start {
  no Claimed and no reserved and no knows and no knowsClaimed and no knowsReserved
  no Leading and no Over and no Listed and no ListedClaims
  no Sent and no SentClaim and no Refused and no SentDeletion
  all s: Service | s.version = first and no s.address
}

// What a leader knows and may do.

/** The reservation can still be written: the Service is not known in a newer version (isBinding). */
pred isBinding[leader: Leadership, s: Service, on: Version] {
  is[ReservationsEndEarly] => gt[on, leader.knows[s]] else gte[on, leader.knows[s]]
}
fun reservedFor[leader: Leadership, s: Service]: set Address {
  { a: Address | some on: leader.knowsReserved[a][s] | isBinding[leader, s, on] }
}
/** Its PATCH or claim for the Service in the known version is under way (Allocator.assume). */
pred assumes[leader: Leadership, s: Service, a: Address] {
  (not is[UnansweredIsFree] and some w: Sent | w.by = leader and w.of = s and w.on = leader.knows[s] and w.gives = a) or
  (some c: SentClaim - Refused | c.by = leader and c.of = s and c.on = leader.knows[s] and c.claims = a)
}
/** No other Service is known to have the address, or to be about to get it. */
pred isFree[leader: Leadership, a: Address, s: Service] {
  all other: Service - s {
    other.content[leader.knows[other]] != a
    not assumes[leader, other, a]
    is[ReservationsIgnored] or a not in reservedFor[leader, other]
  }
}
/** The Service is known without an address, and this one can be assigned. What is reserved for it comes first (allocate.ts). */
pred canAssign[leader: Leadership, s: Service, on: Version, a: Address] {
  leader in Leading & Listed
  is[NoClaims] or leader in ListedClaims
  leader.knows[s] = on and no s.content[on]
  isFree[leader, a, s]
  is[ReservationsIgnored] or no reservedFor[leader, s] or a in reservedFor[leader, s]
}

// Events. In each step, one of them happens, and each leader may learn something.

/** A leadership begins when the Lease has expired or was released: the one before has ended (lease.als). */
pred begin {
  some leader: Leadership - Leading - Over | Leading' = leader
  Over' = Over + Leading and sameRequests and sameApi
}
pred sendWrite {
  some w: Write - Sent {
    canAssign[w.by, w.of, w.on, w.gives]
    // Until its outcome is known, the same PATCH is repeated (retryUntilKnown).
    no w2: Sent | w2.by = w.by and w2.of = w.of and w2.on = w.on
    is[NoClaims] or is[WriteBeforeClaim] or
      (w.gives in w.by.knowsClaimed and w.of -> w.on in w.by.knowsReserved[w.gives])
    Sent' = Sent + w
  }
  SentClaim' = SentClaim and Refused' = Refused and SentDeletion' = SentDeletion and sameLeaders and sameApi
}
pred sendClaim {
  not is[NoClaims]
  some c: ClaimWrite - SentClaim, leader: c.by {
    canAssign[leader, c.of, c.on, c.claims]
    all a: Address | not assumes[leader, c.of, a]
    c.of -> c.on not in leader.knowsReserved[c.claims]
    c in Creating iff c.claims not in leader.knowsClaimed
    c.was = leader.knowsReserved[c.claims]
    c.keeps = { s: Service, on: Version | s -> on in c.was and isBinding[leader, s, on] }
    SentClaim' = SentClaim + c
  }
  Sent' = Sent and Refused' = Refused and SentDeletion' = SentDeletion and sameLeaders and sameApi
}
/** The claim is another one than was known: the Service is decided again ('contested'). */
pred learnRefusal {
  some c: SentClaim - Refused {
    c.by in Leading and not isAccepted[c] and c.of -> c.on not in c.claims.reserved
    Refused' = Refused + c
  }
  Sent' = Sent and SentClaim' = SentClaim and SentDeletion' = SentDeletion and sameLeaders and sameApi
}
/** A claim that no known Service has, and whose reservations are over, is deleted (ClaimTracker). */
pred sendDeletion {
  some d: Deletion - SentDeletion, leader: d.by {
    leader in Leading & Listed & ListedClaims
    d.drops in leader.knowsClaimed and d.was = leader.knowsReserved[d.drops]
    all s: Service {
      s.content[leader.knows[s]] != d.drops
      not assumes[leader, s, d.drops]
      d.drops not in reservedFor[leader, s]
    }
    SentDeletion' = SentDeletion + d
  }
  Sent' = Sent and SentClaim' = SentClaim and Refused' = Refused and sameLeaders and sameApi
}
pred carryOutWrite {
  some w: Sent {
    is[NothingLate] implies w.by in Leading
    w.of.version = w.on and changes[w.of] and w.of.content[next[w.on]] = w.gives
  }
  reserved' = reserved and Claimed' = Claimed and sameLeaders and sameRequests
}
/** A user edits the Service, or deletes and creates it. Nobody writes addresses by hand. */
pred userEdit {
  some s: Service | changes[s] and s.content[next[s.version]] in s.address
  reserved' = reserved and Claimed' = Claimed and sameLeaders and sameRequests
}
pred isAccepted[c: ClaimWrite] {
  c in Creating => c.claims not in Claimed else (c.claims in Claimed and c.claims.reserved = c.was)
}
pred carryOutClaim {
  some c: SentClaim {
    is[NothingLate] implies c.by in Leading
    isAccepted[c]
    Claimed' = Claimed + c.claims
    c.claims.reserved' = c.keeps + c.of -> c.on
    all a: Address - c.claims | a.reserved' = a.reserved
  }
  version' = version and sameLeaders and sameRequests
}
pred carryOutDeletion {
  some d: SentDeletion {
    is[NothingLate] implies d.by in Leading
    d.drops in Claimed and d.drops.reserved = d.was
    Claimed' = Claimed - d.drops
    no d.drops.reserved'
    all a: Address - d.drops | a.reserved' = a.reserved
  }
  version' = version and sameLeaders and sameRequests
}
pred nothing { sameApi and sameLeaders and sameRequests }

pred changes[s: Service] {
  s.version' = next[s.version] and some next[s.version]
  all other: Service - s | other.version' = other.version
}
pred sameApi { version' = version and reserved' = reserved and Claimed' = Claimed }
pred sameLeaders { Leading' = Leading and Over' = Over }
pred sameRequests { Sent' = Sent and SentClaim' = SentClaim and Refused' = Refused and SentDeletion' = SentDeletion }

/** Lists and watches: a leader sees all objects at once, and then each of them as it is now or was when it was last seen. */
pred learn {
  Listed in Listed' and (Listed' - Listed) in Leading'
  ListedClaims in ListedClaims' and (ListedClaims' - ListedClaims) in Leading'
  all leader: Leadership {
    all s: Service | s.(leader.knows') = s.version' or (leader not in Listed' - Listed and s.(leader.knows') = s.(leader.knows))
    no leader.knows' or leader in Listed'
    all a: Address | seesClaim[leader, a] or (leader not in ListedClaims' - ListedClaims and keepsClaim[leader, a])
    no leader.knowsClaimed' or leader in ListedClaims'
  }
}
pred seesClaim[leader: Leadership, a: Address] {
  a in leader.knowsClaimed' iff a in Claimed'
  a.(leader.knowsReserved') = a.reserved'
}
pred keepsClaim[leader: Leadership, a: Address] {
  a in leader.knowsClaimed' iff a in leader.knowsClaimed
  a.(leader.knowsReserved') = a.(leader.knowsReserved)
}

pred event {
  begin or sendWrite or sendClaim or learnRefusal or sendDeletion or
  carryOutWrite or userEdit or carryOutClaim or carryOutDeletion or nothing
}
fact behavior { always (event and learn) }

// Checks. `expect 1`: there is a counterexample, with the fewest steps. Shorter schedules end with steps in which nothing happens.

check lateWriteWithoutClaims { Protocol.variants = NoClaims implies always noDuplicate }
  for 2 but 3 Version, 1 Address, 0 ClaimWrite, 0 Deletion, 1..8 steps expect 1
check withoutClaimsNothingLate { Protocol.variants = NoClaims + NothingLate implies always noDuplicate }
  for 2 but 3 Version, 2 Address, 3 Write, 0 ClaimWrite, 0 Deletion, exactly 12 steps expect 0
check withClaims { no Protocol.variants implies always noDuplicate }
  for 2 but 3 Version, 1 Address, 2 ClaimWrite, 1 Deletion, exactly 13 steps expect 0
check writeBeforeClaim { Protocol.variants = WriteBeforeClaim implies always noDuplicate }
  for 2 but 3 Version, 1 Address, 2 ClaimWrite, 0 Deletion, 1..12 steps expect 1
check reservationsIgnored { Protocol.variants = ReservationsIgnored implies always noDuplicate }
  for 2 but 3 Version, 1 Address, 2 ClaimWrite, 0 Deletion, 1..13 steps expect 1
check reservationsEndEarly { Protocol.variants = ReservationsEndEarly implies always noDuplicate }
  for 2 but 3 Version, 1 Address, 2 ClaimWrite, 1 Deletion, 1..14 steps expect 1
check unansweredIsFree { Protocol.variants = NoClaims + NothingLate + UnansweredIsFree implies always noDuplicate }
  for 2 but 3 Version, 1 Address, 0 ClaimWrite, 0 Deletion, 1..8 steps expect 1
