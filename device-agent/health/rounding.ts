import type { Health } from '#protocols';

/**
 * Figures to the digits that a technician reads. What only trembles stays the same text from one report to the next and is left
 * out of it.
 */
export function roundedHealth(health: Health): Health {
  const { cpuTemperatureC, load1, memory, disk, network, clock } = health;
  return {
    ...health,
    cpuTemperatureC: cpuTemperatureC === null ? null : Math.round(cpuTemperatureC),
    load1: Math.round(load1 * 10) / 10,
    memory: { ...memory, freeBytes: digits(memory.freeBytes, 2) },
    disk: { ...disk, freeBytes: digits(disk.freeBytes, 2) },
    network: {
      ...network,
      receivedBytes: network.receivedBytes === null ? null : digits(network.receivedBytes, 3),
      sentBytes: network.sentBytes === null ? null : digits(network.sentBytes, 3),
    },
    clock: {
      ...clock,
      // A sum with zero makes the zero positive.
      offsetMs: clock.offsetMs === null ? null : Math.round(clock.offsetMs) + 0,
      boundMs: clock.boundMs === null ? null : digits(clock.boundMs, 2),
    },
  };
}

/** To so many significant digits. */
function digits(value: number, count: number): number {
  return Number(value.toPrecision(count));
}
