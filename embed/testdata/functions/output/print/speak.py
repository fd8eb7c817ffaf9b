def speak(input):
    print("sibling says", input)
