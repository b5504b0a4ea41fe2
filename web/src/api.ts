/** The server's REST answers and its stream. The only file that opens a connection. */
import { decodeFrame, type Frame } from './frame';
import type { StreamMessage } from './types';

const TOKEN_KEY = 'tocsin-token';
const SILENT_MS = 10_000;
const MAX_BACK_OFF_MS = 15_000;

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

async function answer<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T;
  const body = (await response.json().catch(() => ({}))) as { error?: string };
  throw new ApiError(body.error ?? `the server answered ${response.status}`, response.status);
}

export const get = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
  answer<T>(
    await fetch(`api/v1/${path}`, { cache: 'no-store', headers: authorization(), ...(signal ? { signal } : {}) }),
  );

/** Reads need the token too where the server is not on this machine; without one none is sent. */
const authorization = (): Record<string, string> => {
  const known = token();
  return known ? { Authorization: `Bearer ${known}` } : {};
};

const injectedToken = (): string | null =>
  document.querySelector<HTMLMetaElement>('meta[name="tocsin-token"]')?.content || null;

/** The token the server put into the page, else the one the user gave in this tab. */
export const token = (): string | null => injectedToken() ?? sessionStorage.getItem(TOKEN_KEY);
export const keepToken = (value: string): void => sessionStorage.setItem(TOKEN_KEY, value);
export const forgetToken = (): void => sessionStorage.removeItem(TOKEN_KEY);

/** A write; the server says what it did, or why not. */
export const post = async <T>(path: string, body: unknown): Promise<T> =>
  answer<T>(
    await fetch(`api/v1/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token() ?? ''}` },
      body: JSON.stringify(body),
    }),
  );

export interface StreamHandlers {
  opened(): void;
  lost(): void;
  /** Nothing has been heard for a while on an open connection; false ends the silence. */
  silent(isSilent: boolean): void;
  message(message: StreamMessage): void;
  frame(frame: Frame): void;
  /** Whether silence is to be expected now (the clock is paused). */
  mayBeSilent(): boolean;
}

/** Keeps one stream open for the life of the page, with growing pauses between attempts. */
export class Stream {
  private attempts = 0;
  private heardAt = 0;
  private isSilent = false;

  constructor(private readonly handlers: StreamHandlers) {
    setInterval(() => this.watch(), 1000);
  }

  connect(): void {
    const url = new URL('api/v1/stream', document.baseURI);
    url.protocol = url.protocol.replace('http', 'ws');
    // A browser cannot put a header on a WebSocket; the server takes the token from the query of reads.
    const known = token();
    if (known) url.searchParams.set('token', known);
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.attempts = 0;
      this.heard();
      this.handlers.opened();
    };
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      this.heard();
      this.receive(event.data);
    };
    socket.onclose = () => {
      this.heardAt = 0;
      this.handlers.lost();
      const pause = Math.min(500 * 2 ** this.attempts, MAX_BACK_OFF_MS);
      this.attempts += 1;
      setTimeout(() => this.connect(), pause);
    };
  }

  private receive(data: string | ArrayBuffer): void {
    try {
      if (typeof data === 'string') this.handlers.message(JSON.parse(data) as StreamMessage);
      else this.handlers.frame(decodeFrame(data));
    } catch (error) {
      console.error('stream message dropped:', error);
    }
  }

  private heard(): void {
    this.heardAt = performance.now();
    this.setSilent(false);
  }

  private watch(): void {
    const quiet = this.heardAt > 0 && performance.now() - this.heardAt > SILENT_MS;
    if (quiet && !this.handlers.mayBeSilent()) this.setSilent(true);
  }

  private setSilent(value: boolean): void {
    if (this.isSilent === value) return;
    this.isSilent = value;
    this.handlers.silent(value);
  }
}
