import { type HttpClient, httpClient } from 'app-kernel';

/** What the example asks of a cloud provider. Every order names what it is about, so that it can be repeated and undone. */
export class Cloud {
  readonly #api: HttpClient;

  constructor(url: string) {
    this.#api = httpClient(url, { timeoutSeconds: 300, maxConnections: 100, retries: 2 });
  }

  async createDroplet(name: string, signal: AbortSignal): Promise<string> {
    await this.#api.put(`/droplets/${name}`, { signal });
    return name;
  }

  async destroyDroplet(name: string): Promise<void> {
    await this.#api.delete(`/droplets/${name}`);
  }

  async startContainer(droplet: string, app: string, signal: AbortSignal): Promise<void> {
    await this.#api.put(`/droplets/${droplet}/${app}`, { signal });
  }

  async removeContainer(droplet: string, app: string): Promise<void> {
    await this.#api.delete(`/droplets/${droplet}/${app}`);
  }

  async pointDomain(domain: string, droplets: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#api.put(`/records/${domain}`, { json: droplets, signal });
  }

  async removeDomain(domain: string): Promise<void> {
    await this.#api.delete(`/records/${domain}`);
  }
}
