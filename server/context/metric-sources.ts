import type { MediaJobs } from '../domain/media/media-jobs.ts';
import type { MetricSource } from '../http/metrics.ts';
import type { PlanSide } from './plan-side.ts';
import type { SpeakerSide } from './speaker-side.ts';

type Reading = readonly [labels: Readonly<Record<string, string>>, value: number];

/** The figures of every part, by name. */
export function metricSources(
  side: SpeakerSide,
  jobs: MediaJobs,
  { compiler, guard, issuer, told }: PlanSide,
): MetricSource[] {
  const { gateway, broker, dispatcher, journal, answers, presence, refusedBatches } = side;
  const sources: MetricSource[] = [
    gauge('loa_gateway_connected', '1 while the controller is connected to its broker', () =>
      gateway.connected ? 1 : 0,
    ),
    counter(
      'loa_mqtt_received_total',
      'Messages of loudspeakers, by topic',
      'topic',
      () => gateway.metrics().received,
    ),
    counter(
      'loa_mqtt_refused_total',
      'Messages of loudspeakers refused, by code',
      'code',
      () => gateway.metrics().refused,
    ),
    counter(
      'loa_mqtt_published_total',
      'Messages handed to the broker, by topic',
      'topic',
      () => gateway.metrics().published,
    ),
    total(
      'loa_mqtt_publish_failures_total',
      'Messages that the broker did not take',
      () => gateway.metrics().publishFailures,
    ),
    gauge('loa_orders_live', 'Orders in force', () => dispatcher.metrics.liveOrders),
    gauge(
      'loa_orders_unmarked',
      'Orders sent whose mark in the database is still due',
      () => dispatcher.metrics.unmarked,
    ),
    total('loa_orders_resent_total', 'Orders sent again to one loudspeaker', () => dispatcher.metrics.resent),
    gauge('loa_receipts_waiting_bytes', 'Journal batches waiting to be stored', () => journal.waitingBytes),
    gauge('loa_answers_waiting', 'Answers waiting to be stored', () => answers.waiting),
    counter('loa_receipts_refused_total', 'Journal batches refused, by code', 'code', () => refusedBatches),
    {
      name: 'loa_speakers',
      help: 'Loudspeakers that were heard of, by link',
      kind: 'gauge',
      labels: ['link'],
      read: () => labelled('link', Object.entries(presence.links)),
    },
    gauge('loa_plan_heads', 'Plan heads in force', () => compiler.metrics.heads),
    gauge('loa_plan_slots', 'Slots in memory: planned and of the last days', () => compiler.metrics.slots),
    gauge('loa_plan_compile_ms', 'How long the last compilation took', () => compiler.metrics.compileMs),
    gauge(
      'loa_plan_untold_speakers',
      'Loudspeakers in use that do not hold the plan as it is',
      () => told.untold,
    ),
    total('loa_slots_issued_total', 'Broadcasts made of slots', () => issuer.issued),
    gauge('loa_slots_not_issued', 'Slots due whose broadcast cannot be made', () => issuer.failing),
    gauge('loa_clock_disputed', "1 while the controller's own clock is in doubt", () =>
      guard.disputed ? 1 : 0,
    ),
    gauge('loa_media_jobs_open', 'Files waiting or being prepared', () => jobs.openCount),
  ];
  if (broker === null) return sources;
  return [
    ...sources,
    gauge('loa_broker_connections', 'Authenticated connections', () => broker.metrics().connections),
    gauge(
      'loa_broker_unauthenticated',
      'Connections that have not said who they are',
      () => broker.metrics().unauthenticated,
    ),
    total('loa_broker_connections_total', 'Connections let in', () => broker.metrics().connectionsTotal),
    counter(
      'loa_broker_refused_connections_total',
      'Connections refused, by reason',
      'reason',
      () => broker.metrics().refusedConnections,
    ),
    counter(
      'loa_broker_refused_packets_total',
      'Packets refused, by reason',
      'reason',
      () => broker.metrics().refusedPackets,
    ),
    total(
      'loa_broker_dropped_connections_total',
      'Connections that broke or did not read in time',
      () => broker.metrics().droppedConnections,
    ),
  ];
}

function gauge(name: string, help: string, value: () => number): MetricSource {
  return { name, help, kind: 'gauge', read: () => [[{}, value()]] };
}

function total(name: string, help: string, value: () => number): MetricSource {
  return { name, help, kind: 'counter', read: () => [[{}, value()]] };
}

function counter(
  name: string,
  help: string,
  label: string,
  entries: () => Iterable<readonly [string, number]>,
): MetricSource {
  return { name, help, kind: 'counter', labels: [label], read: () => labelled(label, entries()) };
}

function* labelled(label: string, entries: Iterable<readonly [string, number]>): Iterable<Reading> {
  for (const [value, count] of entries) yield [{ [label]: value }, count];
}
