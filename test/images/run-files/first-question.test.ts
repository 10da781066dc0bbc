import { expect, test } from 'vitest'
import { planImage } from '../../../images/plan/plan.ts'
import { firstQuestion } from '../../../images/run-files/first-question.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'

test('the first question is asked by curl and by Python', () => {
  const recipe = recipeFor('llama-cpp')
  expect(firstQuestion('http://127.0.0.1:4321', planImage(recipe, lockFor(recipe)))).toMatchInlineSnapshot(`
    "curl http://127.0.0.1:4321/v1/chat/completions \\
      -H 'content-type: application/json' \\
      -d '{"model":"smollm2-135m-instruct","messages":[{"role":"user","content":"What is the capital of France? Answer in one word."}],"temperature":0}'

    python3 - <<'END'
    from openai import OpenAI

    client = OpenAI(base_url="http://127.0.0.1:4321/v1", api_key="none")
    messages = [{"role": "user", "content": "What is the capital of France? Answer in one word."}]
    answer = client.chat.completions.create(model="smollm2-135m-instruct", messages=messages, temperature=0)
    print(answer.choices[0].message.content)
    END
    "
  `)
})
