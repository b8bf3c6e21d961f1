import { tellSoldOut } from '../services/events/sold-out.ts';
import type { JobTask } from './task.ts';

/** Tells that an event is sold out, or no longer. */
export const soldOut: JobTask = (system) => (payload) =>
  tellSoldOut(system, payload as { company_id: number; event_id: number });
