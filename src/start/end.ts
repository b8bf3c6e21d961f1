import closeWithGrace from 'close-with-grace';
import type { Running } from './start.ts';

/** What a server may take for its end before it is cut off, milliseconds. */
const GRACE_MS = 10_000;

/** Some versions of npm hand us a terminal's Ctrl-C a second time: only a later one means "at once". */
const SAME_SIGNAL_MS = 500;

/** Closes the server when the process is told to end, or must because of an error that nothing caught. */
export function closeAtTheEnd(server: Running): void {
  const { close } = closeWithGrace(
    { delay: GRACE_MS, logger: false, skip: ['SIGINT', 'SIGTERM'] },
    async ({ err }) => {
      if (err) server.system.log.fatal({ err }, 'the process ends after an error that nothing caught');
      await server.close();
    },
  );
  let toldAt: number | undefined;
  const onSignal = () => {
    if (toldAt === undefined) close();
    else if (performance.now() - toldAt > SAME_SIGNAL_MS) process.exit(1);
    toldAt ??= performance.now();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
}
