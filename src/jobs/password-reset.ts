import { type ForgottenPassword, sendPasswordReset } from '../services/users/password-reset.ts';
import type { JobTask } from './task.ts';

/** Sends a code to whoever has forgotten a password, if there is such an account. */
export const resetForgottenPassword: JobTask = (system) => (payload) =>
  sendPasswordReset(system, payload as ForgottenPassword);
