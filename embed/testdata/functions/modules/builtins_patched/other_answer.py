def other_answer(input):
    return answer
