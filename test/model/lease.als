/**
 * Leader election with a Lease (docs/decisions/0007): whatever is late or lost, no two replicas believe that they lead. Each step is
 * one tick of all clocks, and any number of requests can be sent, arrive, and be answered in it. Names in parentheses are those of the source.
 */
module lease

/** A difference from the election. Each check says which of them it has. */
abstract sig Variant {}
one sig
  /** The renew deadline counts from the answer to a renewal, not from when it was sent. */
  CountsFromAnswer,
  /** Others take the Lease one tick after they have observed it. */
  TakesEarly
  extends Variant {}
one sig Election { variants: set Variant }
pred is[variant: Variant] { variant in Election.variants }

sig Replica {
  /** The newest state of the Lease that it has read or watched. */
  var observed: lone Renewal
}
/** A write of the Lease, and the state that it leaves. It is guarded by the version that it replaces. */
sig Renewal { by: one Replica, replaces: lone Renewal }
var sig Sent, Answered in Renewal {}
/** The Lease in the API. */
var lone sig Current in Renewal {}

fact behavior {
  no Current and no Sent and no Answered and no observed
  always {
    Sent in Sent'
    all x: Sent' - Sent | x.replaces = x.by.observed and (isRenewal[x] or isFree[x.by])
    Current' = Current or some x: Sent' | x.replaces = Current and Current' = x
    Answered in Answered' and all x: Answered' - Answered | x in Current' or once x in Current
    all r: Replica | r.observed' = r.observed or r.observed' = Current'
  }
}

pred isRenewal[x: Renewal] { x.replaces.by = x.by and believes[x.by] }

/** The Lease has not changed for its duration of three ticks since it was observed (isFree); or it does not exist. */
pred isFree[r: Replica] {
  no r.observed or
  some x: r.observed |
    is[TakesEarly] => before x = r.observed else before before before x = r.observed
}

/** Its last renewal was sent less than three ticks ago: the renew deadline (Leadership.remainingMs). */
pred believes[r: Replica] {
  some x: Answered | x.by = r and
    (is[CountsFromAnswer] => not before before before x in Answered else not before before before x in Sent)
}

pred oneLeader { lone r: Replica | believes[r] }

check oneBelievesThatItLeads { no Election.variants implies always oneLeader }
  for 2 Replica, 3 Renewal, exactly 10 steps expect 0
check countsFromAnswer { Election.variants = CountsFromAnswer implies always oneLeader }
  for 2 Replica, 2 Renewal, 1..9 steps expect 1
check takesEarly { Election.variants = TakesEarly implies always oneLeader }
  for 2 Replica, 2 Renewal, 1..9 steps expect 1
