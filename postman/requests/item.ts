/** A request of the collection, as the author writes it. `{{name}}` stands for a variable. */
export interface Item {
  /** operationId of the route; several items may show one route. */
  operation: string;
  /** What the folder shows; the route's own summary where it is left out. */
  name?: string;
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Address behind `{{api_url}}`. */
  path: string;
  /** Whose token: the client's (`{{access_token}}`), the signed-in user's, or none. */
  as?: 'client' | 'user' | 'nobody';
  headers?: Record<string, string>;
  body?: unknown;
  /** Sent as a form, not as JSON. */
  form?: Record<string, string>;
  /** The status that the answer must have. */
  status: number;
  /** The key that wraps the payload (seed: Responses); its presence is tested. */
  root?: string;
  /** Variables set from the answer: JavaScript over `json` and `pm`. Names of the environment stay in the environment. */
  set?: Record<string, string>;
  /** Further tests: name and a JavaScript expression over `json` and `pm` that must be true. */
  test?: Record<string, string>;
  /** JavaScript that runs before the request is sent. */
  before?: string;
}

export interface Folder {
  name: string;
  description: string;
  items: Item[];
}
