/** Speaks HTTP as a browser does: keeps cookies, sends a form with the token of the page it stands on, follows nothing by itself. */
export class BrowserLike {
  readonly #origin: string;
  readonly #cookies = new Map<string, string>();
  readonly #headers: Record<string, string>;

  constructor(origin: string, headers: Record<string, string> = {}) {
    this.#origin = origin;
    this.#headers = { accept: 'text/html', 'accept-language': 'de', ...headers };
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  async get(path: string): Promise<Page> {
    return this.#ask(path, {});
  }

  /** Sends the form of the page at `from` to `path`. */
  async submit(from: string, path: string, fields: Record<string, string>): Promise<Page> {
    const page = await this.get(from);
    const token = /name="_csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    return this.#ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: this.#origin },
      body: new URLSearchParams({ _csrf: token, ...fields }).toString(),
    });
  }

  async #ask(path: string, init: { method?: string; headers?: Record<string, string>; body?: string }): Promise<Page> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(`${this.#origin}${path}`, {
      ...init,
      headers: { ...this.#headers, ...(cookie === '' ? {} : { cookie }), ...init.headers },
      redirect: 'manual',
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    const body = await response.text();
    return {
      status: response.status,
      location: response.headers.get('location') ?? '',
      headers: response.headers,
      body,
    };
  }
}

export interface Page {
  status: number;
  location: string;
  headers: Headers;
  body: string;
}
