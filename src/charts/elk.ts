/** ELK, loaded when the first chart is laid out: it is large, and most commands draw none. */
import type { ELK, ElkNode } from 'elkjs/lib/elk-api.js';

let engine: Promise<ELK> | null = null;

/** A graph with places for its nodes, edges and labels. ELK writes them into the graph that it is given. */
export async function layOut(graph: ElkNode): Promise<ElkNode> {
  engine ??= import('elkjs/lib/elk.bundled.js').then(({ default: exported }) => {
    const Elk = exported as unknown as new () => ELK;
    return new Elk();
  });
  return (await engine).layout(graph);
}
