import type { Item } from './item.ts';

/** The drawer of a box office, from opening to count. */
export const cash: Item[] = [
  {
    operation: 'openCashSession',
    method: 'POST',
    path: '/cash_sessions',
    body: { opening: 10000, note: 'Morning' },
    status: 201,
    root: 'cash_session',
    set: { cash_session_id: 'json.cash_session.id' },
  },
  {
    operation: 'addCashMovement',
    method: 'POST',
    path: '/cash_sessions/{{cash_session_id}}/movements',
    body: { kind: 'pay_out', amount: 2500, reason: 'To the safe' },
    status: 201,
    root: 'movement',
  },
  {
    operation: 'listCashMovements',
    method: 'GET',
    path: '/cash_sessions/{{cash_session_id}}/movements',
    status: 200,
    root: 'movements',
  },
  {
    operation: 'getCashSession',
    method: 'GET',
    path: '/cash_sessions/{{cash_session_id}}',
    status: 200,
    root: 'cash_session',
    test: { 'says what should be in the drawer': 'json.cash_session.expected === 7500' },
  },
  {
    operation: 'closeCashSession',
    method: 'POST',
    path: '/cash_sessions/{{cash_session_id}}/close',
    body: { counted: 7400, note: 'One euro is missing' },
    status: 200,
    root: 'cash_session',
    test: { 'says what is missing': 'json.cash_session.difference === -100' },
  },
  {
    operation: 'listCashSessions',
    method: 'GET',
    path: '/cash_sessions?status=closed',
    status: 200,
    root: 'cash_sessions',
  },
];
