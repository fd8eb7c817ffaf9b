# a loop in __del__, of an object that outlives the call
class Loop:
    def __del__(self):
        while True: pass

def case(input):
    Loop()
