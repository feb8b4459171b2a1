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
  UnansweredIsFree,
  /** A deletion deletes a claim in any version. */
  DeletionsUnguarded,
  /** Adding a reservation that the claim has already does not change the version of the claim. */
  EqualChangesNothing,
  /** A leader relies on a reservation that it has only listed, without one of its own. */
  ReliesOnListed
  extends Variant {}
one sig Protocol { variants: set Variant }
pred is[variant: Variant] { variant in Protocol.variants }

/** The versions of each Service, in order. */
sig Version {}

sig Address {
  /** Its claim in the API, as the request that led to this version of it. */
  var claim: lone ClaimWrite
}

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
  var knowsClaim: Address -> lone ClaimWrite,
  /** Addresses whose claim it knows only from its list. */
  var listedOnly: set Address
}
var sig Leading, Over, Listed, ListedClaims in Leadership {}

/** A PATCH of a Service, guarded by its version. Once sent, it can arrive at any time, and more than once. */
sig Write { by: one Leadership, of: one Service, on: one Version, gives: one Address }
var sig Sent in Write {}

/**
 * A POST or PATCH of a claim that adds a reservation. It also stands for this reservation, and for the version of the claim that it
 * leads to: each added reservation is a new one, and changes the version, because it names the version before (`addedTo`).
 */
sig ClaimWrite {
  by: one Leadership,
  claims: one Address,
  of: one Service,
  on: one Version,
  /** The version of the claim that a PATCH changes, which guards it. A POST has none. */
  was: lone ClaimWrite,
  /** The reservations that stay in the claim. */
  keeps: set ClaimWrite
}
fun reservations[c: ClaimWrite]: set ClaimWrite { c + c.keeps }
pred isFor[c: ClaimWrite, s: Service, v: Version] { c.of = s and c.on = v }
/** The sender of a withdrawn reservation takes no notice of it: the PATCH for which it was added was denied. */
var sig SentClaim, Refused, Withdrawn in ClaimWrite {}

/** A DELETE of a claim, guarded by its version. */
sig Deletion { by: one Leadership, drops: one ClaimWrite }
var sig SentDeletion in Deletion {}

fact start {
  no claim and no knowsClaim and no listedOnly
  // To save steps, one may lead already, and have listed everything.
  lone Leading and Listed + ListedClaims in Leading and no Over
  knows = Listed -> Service -> first
  no Sent and no SentClaim and no Refused and no Withdrawn and no SentDeletion
  all s: Service | s.version = first and no s.address
}

// What a leader knows and may do.

/** The reservations that a leader knows in the claim, without those that it has withdrawn (ClaimStore). */
fun known[leader: Leadership, a: Address]: set ClaimWrite {
  { r: reservations[leader.knowsClaim[a]] | r.by = leader => r not in Withdrawn }
}
/** The reservation can still be written: the Service is not known in a newer version (isBinding). */
pred isBinding[leader: Leadership, r: ClaimWrite] {
  is[ReservationsEndEarly] => gt[r.on, leader.knows[r.of]] else gte[r.on, leader.knows[r.of]]
}
fun reservedFor[leader: Leadership, s: Service]: set Address {
  { a: Address | some r: known[leader, a] | r.of = s and isBinding[leader, r] }
}
/** The claim has the reservation that a PATCH needs, in a version that the leader has not only listed (claimRequests). */
pred isReserved[leader: Leadership, a: Address, s: Service] {
  some r: known[leader, a] | isFor[r, s, leader.knows[s]]
  a not in leader.listedOnly or is[ReliesOnListed]
}
/** Its PATCH or claim for the Service in the known version is under way (Allocator.assume). */
pred assumes[leader: Leadership, s: Service, a: Address] {
  (not is[UnansweredIsFree] and some w: Sent | w.by = leader and w.of = s and w.on = leader.knows[s] and w.gives = a) or
  (some c: SentClaim - Refused - Withdrawn | c.by = leader and c.claims = a and isFor[c, s, leader.knows[s]])
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

// Events. In each step, one of them happens. A leadership may begin, too, and each leader may learn something.

pred sendWrite {
  some w: Write - Sent {
    canAssign[w.by, w.of, w.on, w.gives]
    // Until its outcome is known, the same PATCH is repeated (retryUntilKnown).
    no w2: Sent | w2.by = w.by and w2.of = w.of and w2.on = w.on
    is[NoClaims] or is[WriteBeforeClaim] or isReserved[w.by, w.gives, w.of]
    Sent' = Sent + w
  }
  sameClaimRequests and SentDeletion' = SentDeletion and sameApi
}
pred sendClaim {
  not is[NoClaims]
  some c: ClaimWrite - SentClaim, leader: c.by {
    canAssign[leader, c.of, c.on, c.claims]
    all a: Address | not assumes[leader, c.of, a]
    not isReserved[leader, c.claims, c.of]
    c.was = leader.knowsClaim[c.claims]
    c.keeps = { r: known[leader, c.claims] | isBinding[leader, r] }
    SentClaim' = SentClaim + c
  }
  Sent' = Sent and Withdrawn' = Withdrawn and SentDeletion' = SentDeletion and sameApi
}
/** Admission has denied a PATCH, and no copy is on its way. It may be sent again, after another reservation (withdraw). */
pred learnDenial {
  some w: Sent {
    w.by in Leading and w.of.version = w.on
    Sent' = Sent - w
    Withdrawn' = Withdrawn + { c: SentClaim - Refused | c.by = w.by and c.claims = w.gives and isFor[c, w.of, w.on] }
  }
  SentClaim' = SentClaim and SentDeletion' = SentDeletion and sameApi
}
/** A claim that no known Service has, and whose reservations are over, is deleted (ClaimTracker). */
pred sendDeletion {
  some d: Deletion - SentDeletion, leader: d.by {
    leader in Leading & Listed & ListedClaims
    d.drops = leader.knowsClaim[d.drops.claims]
    all s: Service {
      s.content[leader.knows[s]] != d.drops.claims
      not assumes[leader, s, d.drops.claims]
      d.drops.claims not in reservedFor[leader, s]
    }
    SentDeletion' = SentDeletion + d
  }
  Sent' = Sent and sameClaimRequests and sameApi
}
pred carryOutWrite {
  some w: Sent {
    is[NothingLate] implies w.by in Leading
    w.of.version = w.on and changes[w.of] and w.of.content[next[w.on]] = w.gives
  }
  claim' = claim and sameRequests
}
/** A user edits the Service, or deletes and creates it. Nobody writes addresses by hand. */
pred userEdit {
  some s: Service | changes[s] and s.content[next[s.version]] in s.address
  claim' = claim and sameRequests
}
pred isAccepted[c: ClaimWrite] { c.claims.claim = c.was }
pred carryOutClaim {
  some c: SentClaim {
    is[NothingLate] implies c.by in Leading
    isAccepted[c]
    changesNothing[c] => claim' = claim else claim' = claim ++ c.claims -> c
    // The response shows its sender that the reservation is there.
    Withdrawn' = Withdrawn - { r: c.was | changesNothing[c] }
  }
  version' = version and Sent' = Sent and SentClaim' = SentClaim and SentDeletion' = SentDeletion
}
/** The claim has an equal reservation already, and no other one. */
pred changesNothing[c: ClaimWrite] {
  is[EqualChangesNothing]
  some c.was and no c.keeps and no c.was.keeps and isFor[c.was, c.of, c.on]
}
pred carryOutDeletion {
  some d: SentDeletion, a: d.drops.claims {
    is[NothingLate] implies d.by in Leading
    some a.claim and (a.claim = d.drops or is[DeletionsUnguarded])
    claim' = claim - a -> ClaimWrite
  }
  version' = version and sameRequests
}
pred nothing { sameApi and sameRequests }

pred changes[s: Service] {
  s.version' = next[s.version] and some next[s.version]
  all other: Service - s | other.version' = other.version
}
pred sameApi { version' = version and claim' = claim }
/** A leadership can begin whenever the Lease has expired or was released: the one before has ended (lease.als). */
pred leaders {
  (Leading' = Leading and Over' = Over) or
  (Over' = Over + Leading and some leader: Leadership - Leading - Over | Leading' = leader)
}
pred sameClaimRequests { SentClaim' = SentClaim and Withdrawn' = Withdrawn }
pred sameRequests { Sent' = Sent and sameClaimRequests and SentDeletion' = SentDeletion }

/** Lists and watches: a leader sees all objects at once, and then each of them as it is now or was when it was last seen. */
pred learn {
  Listed in Listed' and (Listed' - Listed) in Leading'
  ListedClaims in ListedClaims' and (ListedClaims' - ListedClaims) in Leading'
  all leader: Leadership {
    all s: Service | s.(leader.knows') = s.version' or (leader not in Listed' - Listed and s.(leader.knows') = s.(leader.knows))
    leader in Listed' or no leader.knows'
    leader in ListedClaims' or (no leader.knowsClaim' and no leader.listedOnly')
    leader in ListedClaims' - ListedClaims => leader.knowsClaim' = claim' and leader.listedOnly' = leader.knowsClaim'.ClaimWrite
    leader in ListedClaims => all a: Address | keepsClaim[leader, a] or seesClaim[leader, a]
  }
  Refused in Refused'
  all c: Refused' - Refused | c in SentClaim and c.by in Leading and isRefused[c]
}
pred keepsClaim[leader: Leadership, a: Address] {
  a.(leader.knowsClaim') = a.(leader.knowsClaim)
  a in leader.listedOnly' iff a in leader.listedOnly
}
pred seesClaim[leader: Leadership, a: Address] {
  a.(leader.knowsClaim') = a.claim' and a.claim' != a.(leader.knowsClaim)
  a not in leader.listedOnly'
}

/** The claim is another one than was known: the Service is decided again ('contested'). */
pred isRefused[c: ClaimWrite] {
  c.claims.claim' != c.was
  no r: reservations[c.claims.claim'] | isFor[r, c.of, c.on] and r.was = c.was
}

pred event {
  sendWrite or sendClaim or sendDeletion or learnDenial or
  carryOutWrite or userEdit or carryOutClaim or carryOutDeletion or nothing
}
fact behavior { always (event and leaders and learn) }
/** Only at the end of a schedule, nothing happens. */
fact noPauses { always (nothing implies after nothing) }

// Checks. `expect 1`: there is a counterexample. Shorter schedules end with steps in which nothing happens.

check lateWriteWithoutClaims { Protocol.variants = NoClaims implies always noDuplicate }
  for 2 but 1 Address, 0 ClaimWrite, 0 Deletion, 1..7 steps expect 1
check withoutClaimsNothingLate { Protocol.variants = NoClaims + NothingLate implies always noDuplicate }
  for 2 but 3 Version, 2 Address, 3 Write, 0 ClaimWrite, 0 Deletion, exactly 10 steps expect 0
check withClaims { no Protocol.variants implies always noDuplicate }
  for 2 but 1 Address, 3 ClaimWrite, 1 Deletion, exactly 15 steps expect 0
check withClaimsAndEdits { no Protocol.variants implies always noDuplicate }
  for 2 but 3 Version, 1 Address, 1 Deletion, exactly 13 steps expect 0
check withThreeLeaderships { no Protocol.variants implies always noDuplicate }
  for 3 but 2 Service, 2 Version, 1 Address, 2 ClaimWrite, 1 Deletion, exactly 13 steps expect 0
check writeBeforeClaim { Protocol.variants = WriteBeforeClaim implies always noDuplicate }
  for 2 but 3 Version, 1 Address, 0 Deletion, exactly 12 steps expect 1
check reservationsIgnored { Protocol.variants = ReservationsIgnored implies always noDuplicate }
  for 2 but 3 Version, 1 Address, 0 Deletion, exactly 12 steps expect 1
check reservationsEndEarly { Protocol.variants = ReservationsEndEarly implies always noDuplicate }
  for 2 but 3 Version, 1 Address, 1 Deletion, exactly 13 steps expect 1
check unansweredIsFree { Protocol.variants = NoClaims + NothingLate + UnansweredIsFree implies always noDuplicate }
  for 2 but 3 Version, 1 Address, 0 ClaimWrite, 0 Deletion, 1..7 steps expect 1
check deletionsUnguarded { Protocol.variants = DeletionsUnguarded implies always noDuplicate }
  for 2 but 1 Address, 3 ClaimWrite, 1 Deletion, exactly 15 steps expect 1
check equalChangesNothing { Protocol.variants = EqualChangesNothing implies always noDuplicate }
  for 2 but 1 Address, 3 ClaimWrite, 1 Deletion, exactly 15 steps expect 1
check reliesOnListed { Protocol.variants = ReliesOnListed implies always noDuplicate }
  for 3 but 2 Service, 2 Version, 1 Address, 2 ClaimWrite, 1 Deletion, exactly 13 steps expect 1
