import type { HttpProbe } from '../boot/probe.ts'
import { chatBody } from './openai-probes.ts'

/** A PNG of 224 x 224 pixels, all of them red. */
const redPicture =
  'iVBORw0KGgoAAAANSUhEUgAAAOAAAADgAQMAAAAg4/iiAAAABlBMVEX/AAD/AAD/OybuAAAAHUlEQVR42u3BMQEAAADCoPVPbQZ/oAAAAAAAAHgMGWAAAQrTbh4AAAAASUVORK5CYII='

/** A picture of one colour, which the answer must name. */
export function visionProbes(model: string): HttpProbe[] {
  const { messages: _, ...body } = chatBody(model, '', 64)
  const content = [
    { type: 'image_url', image_url: { url: `data:image/png;base64,${redPicture}` } },
    { type: 'text', text: 'Which colour is this picture? Answer in one word.' },
  ]
  return [
    {
      id: 'vision',
      group: 'serve',
      title: 'a picture that is red all over is called red',
      required: true,
      request: {
        method: 'POST',
        path: '/v1/chat/completions',
        body: { ...body, messages: [{ role: 'user', content }] },
      },
      expect: {
        type: 'json',
        status: 200,
        checks: [{ at: 'choices.0.message.content', rule: 'mentions', value: 'red' }],
      },
      timeoutSeconds: 120,
    },
  ]
}
