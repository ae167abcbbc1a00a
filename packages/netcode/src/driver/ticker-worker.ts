/**
 * The clock of `ticker.ts`, in a worker: a hidden page's own timers go down to one a second, a worker's keep their pace.
 * It takes a number (the interval in ms, or 0: the last tick was taken) and answers with a message per interval. While a tick was not taken none follows:
 * else they would pile up before a page that is slower than the clock. `TICKER_WORKER_SOURCE` there is the same program as text.
 */
let timer: ReturnType<typeof setInterval> | undefined;
let isTaken = true;

onmessage = ({ data: intervalMs }: MessageEvent<number>): void => {
  isTaken = true;
  if (intervalMs === 0) return;
  clearInterval(timer);
  timer = setInterval(() => {
    if (!isTaken) return;
    isTaken = false;
    postMessage(0);
  }, intervalMs);
};
