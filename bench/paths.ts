import type { System } from '../src/system.ts';
import { door } from './paths-door.ts';
import { exports } from './paths-exports.ts';
import { availability, bestAvailable, maps, seats } from './paths-maps.ts';
import { memory } from './paths-memory.ts';
import { listOfEvents, oneEvent } from './paths-reads.ts';
import { flashSale, fourRequests, holdTwoSeats } from './paths-sales.ts';
import { scans } from './paths-scans.ts';
import type { Server } from './processes.ts';
import type { World } from './world.ts';

/** What a path needs to be measured. */
export interface Bench {
  folder: string;
  /** Of the database. */
  url: string;
  system: System;
  world: World;
  api: Server;
  bare: Server;
  /** Access token with every scope; reads of the public have their own. */
  token: string;
  /** One that may only read what is public. */
  publicToken(): Promise<string>;
  rounds: number;
}

export interface Result {
  what: string;
  figure: string;
  goal: string;
  met: boolean;
  detail?: string;
}

export interface Path {
  name: string;
  measure(bench: Bench): Promise<Result[]>;
}

export const PATHS: Path[] = [
  oneEvent,
  listOfEvents,
  availability,
  seats,
  maps,
  bestAvailable,
  holdTwoSeats,
  flashSale,
  fourRequests,
  scans,
  door,
  memory,
  exports,
];

/** A ratio of two medians against its goal. */
export function ratio(what: string, ours: number[], theirs: number[], goal: number, unit = '/s'): Result {
  const [a, b] = [median(warm(ours)), median(warm(theirs))];
  const figure = a / b;
  return {
    what,
    figure: figure.toFixed(2),
    goal: `≥ ${goal}`,
    met: figure >= goal,
    detail: `${Math.round(a).toLocaleString('en')}${unit} beside ${Math.round(b).toLocaleString('en')}${unit}`,
  };
}

/** A figure that must not be above its goal. */
export const atMost = (
  what: string,
  figure: number,
  goal: number,
  unit: string,
  detail?: string,
): Result => ({
  what,
  figure: `${figure < 10 ? figure.toFixed(1) : Math.round(figure)} ${unit}`,
  goal: `≤ ${goal} ${unit}`,
  met: figure <= goal,
  ...(detail && { detail }),
});

/** Loads before the first round, by which a server is warm: V8 compiles by and by what is used most. */
export const WARM_UPS = 4;

/** The first round warms the server and the reference up, and is not counted. */
export const warm = (rounds: readonly number[]): number[] => rounds.slice(1);

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
