import { type SamplingKey, samplingOf } from '../../../recipes/setting-files.ts'
import { byFlag, type ModelSettings, notTaken } from '../model-settings.ts'

const samplingFlags = {
  temperature: '--temp',
  top_k: '--top-k',
  top_p: '--top-p',
  min_p: '--min-p',
  typical_p: '--typical',
  repetition_penalty: '--repeat-penalty',
} as const satisfies Record<SamplingKey, string>

/** Flags of llama-server 0.7.0 (`--help`), where templates in Jinja are on by default. */
export const modelSettings: ModelSettings = {
  chatTemplate: byFlag('--chat-template-file'),
  toolCallParser: notTaken('it reads calls of tools by the template of the model', 'leave it out'),
  reasoningParser: byFlag('--reasoning-format', [['0.7.0', 'none auto deepseek deepseek-legacy', '']]),
  generationConfig: {
    type: 'taken',
    flags: Object.values(samplingFlags),
    names: null,
    options: (_place, { generationConfig }) =>
      Object.entries(samplingOf(generationConfig ?? { text: '{}' })).flatMap(([key, value]) => {
        const flag = Object.entries(samplingFlags).find(([name]) => name === key)?.[1]
        return flag === undefined ? [] : [flag, String(value)]
      }),
  },
}
